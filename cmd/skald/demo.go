package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/picture"
)

type demoCommand struct {
	Exit    bool   `help:"End when the stories have been told, with an error if one did not end as it should."`
	Dir     string `help:"Keep the data in this folder. Default: a temporary one, removed at the end." type:"path" placeholder:"DIR"`
	Picture string `help:"Draw the compensated saga from its events into this SVG file." type:"path" placeholder:"FILE"`
	outputFlag
}

func (demoCommand) Help() string {
	return `Starts Temporal with its UI, Kafka and skald in this process, receives stock, places four orders over HTTP, one after the other, and prints what happens to each as the events arrive from Kafka:

1. one that succeeds;
2. one whose card is declined: its stock is released;
3. one that the carrier does not deliver: its payment is refunded, then its stock released;
4. one for more than there is: nothing to undo.

It checks every story against what should have happened. Then it stays up, with the URLs of everything, until Ctrl-C. Ports are those of skald dev, or free ones where they are taken. With --output json it prints the events only, one per line.`
}

// Example ends by itself.
func (demoCommand) Example() string { return "skald demo --exit" }

// Run plays the stories on a skald of its own.
func (d *demoCommand) Run(ctx context.Context, con *console) (err error) {
	dir, remove, err := d.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	began := time.Now()
	dev, err := d.start(ctx, con, dir)
	if err != nil {
		return adviseDemo(ctx, err)
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	told, err := d.play(ctx, con, dev, began)
	if err != nil {
		return adviseDemo(ctx, err)
	}
	if d.Picture != "" {
		if err := draw(d.Picture, told); err != nil {
			return err
		}
	}
	return d.stay(ctx, con, dev, told)
}

func (d *demoCommand) folder() (dir string, remove func() error, err error) {
	if d.Dir != "" {
		return d.Dir, func() error { return nil }, nil
	}
	dir, err = os.MkdirTemp("", "skald-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// start takes the usual ports, and a free one for each that is taken.
func (d *demoCommand) start(ctx context.Context, con *console, dir string) (*app.Dev, error) {
	logger, err := con.logger("auto", "error") // what is down while things start is no news here
	if err != nil {
		return nil, err
	}
	config := app.DevConfig{
		Dir: dir, ListenPort: defaultPort, KafkaPort: defaultKafkaPort, TemporalPort: defaultTemporalPort, UIPort: defaultUIPort,
		Logger: logger, Version: version(),
	}
	ports := map[string]*int{"HTTP": &config.ListenPort, "Kafka": &config.KafkaPort, "Temporal": &config.TemporalPort, "Temporal UI": &config.UIPort}
	tuneCollector()
	for {
		dev, err := app.StartDev(ctx, config)
		var taken *app.PortError
		if !errors.As(err, &taken) || ports[taken.Name] == nil || *ports[taken.Name] == 0 {
			return dev, err
		}
		*ports[taken.Name] = 0 // ends the loop after one round for each port
	}
}

// play tells every story and checks the books after the last.
func (d *demoCommand) play(ctx context.Context, con *console, dev *app.Dev, began time.Time) ([]told, error) {
	stage, err := openStage(ctx, con, d.json(), dev.Addresses())
	if err != nil {
		return nil, err
	}
	defer stage.close()
	if !d.json() {
		con.printf("%s Temporal, Kafka and skald are up in this process after %s.\n",
			con.palette.strong("skald demo."), picture.Since(began, time.Now()))
	}
	before, err := stage.receiveStock(ctx)
	if err != nil {
		return nil, err
	}
	var all []told
	for n, story := range stories(before) {
		one, err := stage.tell(ctx, n+1, story)
		if err != nil {
			return nil, fmt.Errorf("story %d, %s: %w", n+1, story.title, err)
		}
		all = append(all, one)
	}
	return all, stage.checkBooks(ctx, before)
}

// stay leaves everything up to be looked at, unless it should end.
func (d *demoCommand) stay(ctx context.Context, con *console, dev *app.Dev, all []told) error {
	if d.json() {
		if d.Exit {
			return nil
		}
		return untilDone(ctx, dev.Failed())
	}
	con.printf("\n%s\n", con.palette.good(fmt.Sprintf("All %d stories ended as they should, and the stock adds up.", len(all))))
	if d.Exit {
		con.printf("Without --exit everything stays up, to be looked at. skald dev is the same for your own orders.\n")
		return nil
	}
	con.addresses(dev.Addresses(), all)
	return untilDone(ctx, dev.Failed())
}

func adviseDemo(ctx context.Context, err error) error {
	var unreachable *client.Unreachable
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped before the stories were told")
	case errors.Is(err, app.ErrLocked):
		return advise(err, "Stop the skald that has it open, or take another folder with --dir DIR.")
	case errors.As(err, &unreachable):
		return fmt.Errorf("the API of this very process: %w", err)
	}
	return err
}
