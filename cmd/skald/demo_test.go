package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/client"
)

// program runs the command line in this process.
func program(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &console{in: strings.NewReader(""), out: &out, err: &errs})
	return code, out.String(), errs.String()
}

// varying is what differs from run to run: references and times.
var varying = regexp.MustCompile(`( *(shp_[0-9a-f]+|\+?[0-9.]+ m?s\b))+`)

// The demo checks its stories itself; here it is held to what it shows: the
// whole text, apart from what differs from run to run.
func TestTheDemoTellsItsFourStories(t *testing.T) {
	t.Parallel()
	drawing := filepath.Join(t.TempDir(), "pictures", "saga.svg")
	code, stdout, stderr := program(t, "demo", "--exit", "--picture", drawing)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	got := varying.ReplaceAllString(stdout, " ~")
	golden := filepath.Join("testdata", "demo.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	svg, err := os.ReadFile(drawing)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(svg, []byte("4 compensation.started (schedule_shipping refused: address_not_served). 5 payment.refunded (37.50 EUR). 6 stock.released (3 × mug).")) {
		t.Errorf("the picture is not of the compensated saga: %s", svg)
	}
}

// As JSON there is nothing but events, and every story's are complete.
func TestTheDemoAsJSONIsOneEventPerLine(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := program(t, "demo", "--exit", "--output", "json")
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var orders []string
	chapters := map[string]*chapter{}
	lines := json.NewDecoder(strings.NewReader(stdout))
	for {
		var line eventJSON
		if err := lines.Decode(&line); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if line.Topic != line.Kind.Topic() {
			t.Errorf("%s came from %s", line.Kind, line.Topic)
		}
		if chapters[line.Subject] == nil {
			chapters[line.Subject] = &chapter{orderID: line.Subject}
			orders = append(orders, line.Subject)
		}
		chapters[line.Subject].add(skald.Event{ID: line.ID, Kind: line.Kind, Subject: line.Subject, Sequence: line.Sequence, Data: line.Data})
	}
	for n, story := range stories(client.StockLevel{}) {
		if n >= len(orders) {
			t.Fatalf("%d orders, want 4", len(orders))
		}
		happened := told{order: client.Order{Status: string(story.status)}, events: chapters[orders[n]].told}
		if err := story.check(happened); err != nil {
			t.Errorf("%s: %v", story.title, err)
		}
	}
}

func TestDevTakesOrdersUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		code := run(ctx, []string{
			"dev", "--dir", t.TempDir(), "--stock", "mug=5",
			"--port", "0", "--kafka-port", "0", "--temporal-port", "0", "--temporal-ui-port", "0",
		}, &console{out: writer, err: &errs})
		_ = writer.Close() // never errors
		ended <- code
	}()
	banner, server := readBanner(t, reader)
	for _, want := range []string{"Temporal UI", "survives kill -9 but not a power cut", "not for production"} {
		if !strings.Contains(banner, want) {
			t.Errorf("the banner lacks %q:\n%s", want, banner)
		}
	}
	if code, stdout, stderr := program(t, "order", "place", "--server", server, "--item", "mug:2:12.50"); code != exitOK {
		t.Errorf("order place: %d %s %s", code, stdout, stderr)
	}
	code, stdout, _ := program(t, "stock", "list", "--server", server, "-o", "json")
	if code != exitOK || !strings.Contains(stdout, `"received": 5`) {
		t.Errorf("stock list: %d %s", code, stdout)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}

// readBanner reads to the banner's last line and goes on reading, so that the
// program never waits for its reader.
func readBanner(t *testing.T, reader io.Reader) (banner, server string) {
	t.Helper()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		banner += lines.Text() + "\n"
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "API" {
			server = fields[1]
		}
		if strings.Contains(lines.Text(), "not for production") {
			go func() { _, _ = io.Copy(io.Discard, reader) }() // ends when the program closes its side
			return banner, server
		}
	}
	t.Fatalf("no banner: %s", banner)
	return "", ""
}

// A demo that cannot fail would show nothing.
func TestAStoryThatEndsOtherwiseIsNoticed(t *testing.T) {
	t.Parallel()
	story := stories(client.StockLevel{})[2]
	right := make([]skald.Event, len(story.kinds))
	for n, kind := range story.kinds {
		right[n].Kind = kind
	}
	swapped := slices.Clone(right)
	swapped[4], swapped[5] = swapped[5], swapped[4] // the stock before the money
	for name, test := range map[string]struct {
		happened told
		ok       bool
	}{
		"as it should":   {told{client.Order{Status: "rejected"}, right}, true},
		"another status": {told{client.Order{Status: "failed"}, right}, false},
		"another order":  {told{client.Order{Status: "rejected"}, swapped}, false},
		"an undo lacks":  {told{client.Order{Status: "rejected"}, slices.Delete(slices.Clone(right), 4, 5)}, false},
	} {
		if err := story.check(test.happened); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBooksThatDoNotAddUpAreNoticed(t *testing.T) {
	t.Parallel()
	before := client.StockLevel{SKU: "mug", OnHand: 8, Shipped: 2, Received: 10}
	for name, test := range map[string]struct {
		after client.StockLevel
		ok    bool
	}{
		"two shipped":       {client.StockLevel{SKU: "mug", OnHand: 6, Shipped: 4, Received: 10}, true},
		"one stays put":     {client.StockLevel{SKU: "mug", OnHand: 5, Reserved: 1, Shipped: 4, Received: 10}, false},
		"nothing happened":  {before, false},
		"one came from air": {client.StockLevel{SKU: "mug", OnHand: 7, Shipped: 4, Received: 10}, false},
	} {
		if err := checkLevel(before, test.after); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two topics have no common order, and Kafka delivers at least once.
func TestAChapterIsToldInOrderWhateverComesWhen(t *testing.T) {
	t.Parallel()
	event := func(subject string, sequence int64, kind skald.Kind) skald.Event {
		return skald.Event{Subject: subject, Sequence: sequence, Kind: kind}
	}
	c := &chapter{orderID: "a"}
	for _, step := range []struct {
		event skald.Event
		want  []int64 // told now
		ended bool
	}{
		{event("a", 4, skald.KindOrderRejected), nil, false}, // overtook
		{event("a", 1, skald.KindOrderPlaced), []int64{1}, false},
		{event("b", 2, skald.KindOrderConfirmed), nil, false}, // another order's
		{event("a", 1, skald.KindOrderPlaced), nil, false},    // again
		{event("a", 3, skald.KindCompensationCompleted), nil, false},
		{event("a", 4, skald.KindOrderRejected), nil, false}, // again, and still early
		{event("a", 2, skald.KindCompensationStarted), []int64{2, 3, 4}, true},
		{event("a", 0, skald.KindStockReceived), nil, true},
	} {
		var got []int64
		for _, told := range c.add(step.event) {
			got = append(got, told.Sequence)
		}
		if !slices.Equal(got, step.want) || c.ended() != step.ended {
			t.Errorf("after %d of %s: told %v, ended %v", step.event.Sequence, step.event.Subject, got, c.ended())
		}
	}
}
