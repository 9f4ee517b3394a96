package main

import (
	"errors"

	"github.com/skald-saga/skald/internal/client"
)

// serverFlag is embedded in every command that calls the HTTP API.
type serverFlag struct {
	Server string `help:"Base URL of the HTTP API." default:"http://127.0.0.1:8080" env:"SKALD_SERVER"`
}

// call runs ask with a client of the server, and adds advice to its error.
func (s serverFlag) call(ask func(*client.Client) error) error {
	api, err := client.New(client.Options{Server: s.Server})
	if err != nil {
		return advise(err, "Say where skald is with --server URL or SKALD_SERVER.")
	}
	defer api.Close()
	return adviseCall(ask(api))
}

// adviseByCode says what to do about a problem that the API's own text does not
// say, because it does not know these commands.
var adviseByCode = map[string]string{
	"not_found":                 "See what there is: skald order list, skald stock list, skald incident list --all, skald dlq list --state all.",
	"cancel_refused":            "See where it stands: skald order get ID; and what a cancel would undo: skald order plan ID.",
	"changed":                   "Look at it again (skald order get ID shows its version), and cancel with that version, or without --if-unchanged.",
	"incident_decided":          "See what was decided: skald incident show ORDER UNDO.",
	"busy":                      "Repeat the command in a moment.",
	"key_reused":                "Leave --key or --decision-id out for something new, or repeat the first command exactly.",
	"order_conflict":            "Leave --id out, so that the server makes one, or take another.",
	"too_many_streams":          "Try again in a moment, or use skald order get ID, or skald events tail.",
	"unavailable":               "See what is down: skald health. Then repeat the command.",
	"internal":                  "Repeat the command; if it happens again, report it with what the server logged.",
	client.CodeUnexpectedAnswer: "Something else than skald answers there. Say where skald is with --server URL or SKALD_SERVER.",
}

func adviseCall(err error) error {
	if _, ok := errors.AsType[*client.Unreachable](err); ok {
		return advise(err, "Is skald running? Start it with `skald dev`, or say where it is with --server URL or SKALD_SERVER.")
	}
	if unknown, ok := errors.AsType[*client.Unknown](err); ok {
		return advise(err, "See whether skald is well: skald health. Then %s.", orText(unknown.Key != "", "repeat the command with this key", unknown.Repeat))
	}
	problem, answered := client.AsProblem(err)
	if !answered || adviseByCode[problem.Code] == "" {
		return err
	}
	return advise(err, "%s", adviseByCode[problem.Code])
}

func orText(holds bool, then, otherwise string) string {
	if holds {
		return then
	}
	return otherwise
}
