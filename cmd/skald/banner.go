package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/client"
)

// announced is what skald dev prints as JSON.
type announced struct {
	API        string   `json:"api"`
	TemporalUI string   `json:"temporal_ui"`
	Temporal   string   `json:"temporal"`
	Namespace  string   `json:"namespace"`
	Kafka      []string `json:"kafka"`
	Process    int      `json:"process"`
	Dir        string   `json:"dir"`
}

// announce says that everything is up, for people or for programs.
func (c *console) announce(d *devCommand, at app.Addresses, empty bool) error {
	if d.json() {
		return c.line(announced{at.API, at.TemporalUI, at.Temporal, at.Namespace, at.Kafka, os.Getpid(), d.Dir})
	}
	c.banner(d, at, empty)
	return nil
}

// banner says where everything is, and what to do first.
func (c *console) banner(d *devCommand, at app.Addresses, empty bool) {
	folder := d.Dir
	if d.Ephemeral {
		folder += " (removed at the end)"
	}
	c.printf("%s\n\n", c.palette.strong("skald is up. Ctrl-C stops it."))
	for _, line := range [][2]string{
		{"API", at.API + "  (described at /docs)"},
		{"Temporal UI", at.TemporalUI},
		{"Temporal", at.Temporal + ", namespace " + at.Namespace},
		{"Kafka", strings.Join(at.Kafka, ",")},
		{"Process", strconv.Itoa(os.Getpid())},
		{"Data", folder + ", survives " + survives(d.Durability)},
	} {
		c.printf("  %s %s\n", c.palette.faint(fmt.Sprintf("%-12s", line[0])), line[1])
	}
	if d.Faults != string(app.FaultsOff) {
		c.printf("  %s %s\n", c.palette.faint(fmt.Sprintf("%-12s", "Faults")), "on: "+ourName()+" fault --help (--faults off for none)")
	}
	c.printf("\n%s\n", c.palette.undo("For development: this Kafka and this Temporal are one process on one disk, not for production."))
	if empty {
		c.printf("\nThere is no stock yet. Receive some, then place an order:\n\n%s\n", firstCommands(at.API))
	}
}

func survives(durability string) string {
	if durability == "power-loss" {
		return "a power cut (--durability power-loss)"
	}
	return "kill -9 but not a power cut (--durability process)"
}

func firstCommands(api string) string {
	server := ""
	if api != client.DefaultServer {
		server = " --server " + api
	}
	return "  " + ourName() + " stock receive mug 100" + server + "\n" +
		"  " + ourName() + " order place --item mug:2:12.50" + server + "\n"
}

// ourName is how the user can call this program again.
func ourName() string {
	if strings.Contains(os.Args[0], "go-build") { // go run's, gone when it ends
		return "go run ./cmd/skald"
	}
	return os.Args[0]
}

// addresses says where the stories can be looked at.
func (c *console) addresses(at app.Addresses, all []told) {
	c.printf("\nEverything is still up. Ctrl-C ends it.\n\n")
	line := func(name, value string) { c.printf("  %s %s\n", c.palette.faint(fmt.Sprintf("%-22s", name)), value) }
	for n, one := range all {
		line(fmt.Sprintf("order %d", n+1), at.API+one.order.Links.Self)
	}
	line("the compensated saga", longest(all).order.Links.Saga)
	line("Temporal UI", at.TemporalUI)
	line("API", at.API+"/openapi.yaml")
	line("Kafka", strings.Join(at.Kafka, ","))
	c.printf("\nAll events again:  %s events tail --from start --kafka %s\n", ourName(), strings.Join(at.Kafka, ","))
	c.printf("One more order:    %s order place --item %s:1:12.50 --server %s\n", ourName(), demoSKU, at.API)
}
