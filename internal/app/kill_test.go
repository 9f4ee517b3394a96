package app_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

const (
	killedOrders = 200
	// killAt is how many sagas must be half done when the process is killed, and
	// killUndoing how many of them must be undoing.
	killAt      = 20
	killUndoing = 5
)

// The process dies twice, by kill -9 in the middle of dozens of sagas: once at
// work, once while it recovers. What was accepted ends as if nothing had
// happened.
func TestEveryAcceptedOrderSurvivesKillNine(t *testing.T) {
	t.Parallel()
	home := childOrder{
		Seams: "slow", Dir: t.TempDir(), ListenPort: freePort(t), KafkaPort: freePort(t), TemporalPort: freePort(t),
	}
	first := startChild(t, home)
	api := newClient(t, first.url)
	receiveAll(t, api, map[string]int64{"LAMP": 1000, "SHADE": 500})
	fates := manyFates(killedOrders)
	placeAll(t, api, fates)
	state := openStateFile(t, filepath.Join(home.Dir, "skald.db"))
	state.awaitHalfDone(t, 0)
	first.kill()
	atFirst := state.look(t)
	t.Logf("killed at work: %s", atFirst)

	second := startChild(t, home)
	state.awaitHalfDone(t, atFirst.final+killAt)
	second.kill()
	t.Logf("killed while recovering: %s", state.look(t))

	w := start(t, app.DevConfig{
		Dir: home.Dir, ListenPort: home.ListenPort, KafkaPort: home.KafkaPort, TemporalPort: home.TemporalPort,
	})
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
}

// manyFates are orders of every kind, mixed; every second one is of two SKUs.
func manyFates(count int) []fate {
	fates := make([]fate, count)
	for n := range fates {
		name := fmt.Sprintf("%03d", n)
		var f fate
		switch n % 10 {
		case 0, 1, 2, 3:
			f = confirmed(newOrder("good-" + name))
		case 4:
			f = confirmed(newOrder("late-"+name, withToken("tok_timeout")))
		case 5, 6:
			f = declined(newOrder("declined-"+name, withToken("tok_declined")))
		case 7, 8:
			f = notServed(newOrder("unserved-"+name, withCountry("AQ")))
		case 9:
			f = outOfStock(newOrder("empty-"+name, withQuantity(5000)))
		}
		if n%2 == 1 {
			f.order.Items = append(f.order.Items, client.Item{SKU: "SHADE", Quantity: 1, UnitPrice: "3.10"})
		}
		fates[n] = f
	}
	return fates
}
