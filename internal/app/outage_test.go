package app_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/embedded"
)

// outage is a dependency that goes away.
type outage struct {
	name   string   // that readiness gives it
	down   []string // what readiness calls down in the end, when orders wait
	intake bool     // orders wait at intake, which reads them and cannot start them
	stop   func(*embedded.Engine) error
	start  func(*embedded.Engine, context.Context) error
}

func outages() []outage {
	return []outage{
		{"kafka", []string{"kafka"}, false, (*embedded.Engine).StopKafka, (*embedded.Engine).StartKafka},
		{"temporal", []string{"temporal", "intake"}, true, (*embedded.Engine).StopTemporal, (*embedded.Engine).StartTemporal},
	}
}

// Orders are accepted while a dependency is away, and end as they should when it
// is back; so does an order that is under way when it goes.
func TestOrdersAreAcceptedDuringAnOutageAndGoThroughAfterIt(t *testing.T) {
	t.Parallel()
	for _, o := range outages() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			running := undead{zombies: zombiesOf(skald.StepChargePayment, afterCall), fate: confirmed(newOrder("running"))}
			w := start(t, app.DevConfig{Seams: newGraveyard([]undead{running}).seams()})
			t.Cleanup(running.release)
			w.receive(t, "LAMP", 100)
			w.place(t, running.order)
			running.awaitHeld(t)

			must(t, o.stop(w.Engine))
			running.release()
			fates := oneOfEach("during")
			placeAll(t, w.api, fates)
			w.awaitReadiness(t, client.StateDegraded, o.down...)
			for _, f := range fates { // nothing has begun: that takes both
				w.await(t, f.order.ID, skald.StatusAccepted)
			}
			if !o.intake { // sagas that run need no Kafka
				w.await(t, running.order.ID, skald.StatusConfirmed)
			}
			must(t, o.start(w.Engine, t.Context()))
			w.wantRecovered(t, append(fates, running.fate))
		})
	}
}

// The same, when the dependency is away before skald starts, and both at once.
func TestSkaldStartsDuringAnOutage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	engine := startEngine(t, dir)
	all := outages()
	var fates []fate
	for n, down := range [][]outage{all[:1], all[1:], all} { // the first time there are no topics yet
		for _, o := range down {
			must(t, o.stop(engine))
		}
		w := startOn(t, engine, dir, app.Config{})
		w.receive(t, "LAMP", 100)
		now := oneOfEach("start-" + strconv.Itoa(n))
		placeAll(t, w.api, now)
		for _, o := range down {
			w.awaitReadiness(t, client.StateDegraded, o.name, "intake")
		}
		for _, o := range down {
			must(t, o.start(engine, t.Context()))
		}
		fates = append(fates, now...)
		w.wantRecovered(t, fates)
		w.stop(t)
	}
}

// wantRecovered waits for every order's end and checks that nothing was lost,
// doubled or given up.
func (w *world) wantRecovered(t *testing.T, fates []fate) {
	t.Helper()
	for _, f := range fates {
		w.await(t, f.order.ID, f.status)
	}
	w.awaitPublished(t)
	w.wantFates(t, fates)
	w.wantOneEventForEachUndo(t)
	w.wantStreamToBeTheTimeline(t, fates)
	kafka := newKafka(t, w.Engine.Kafka())
	awaitCaughtUp(t, kafka)
	wantNoDeadLetter(t, kafka)
	w.awaitReadiness(t, client.StateReady)
	select {
	case err := <-w.Failed():
		t.Errorf("a part of skald gave up: %v", err)
	default:
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
