package main

import (
	"errors"

	"github.com/skald-saga/skald/internal/client"
	"github.com/skald-saga/skald/internal/credential"
)

// serverFlag is embedded in every command that calls the HTTP API.
type serverFlag struct {
	Server     string `help:"Base URL of the HTTP API." default:"http://127.0.0.1:8080" env:"SKALD_SERVER"`
	ServerCA   string `name:"server-ca" help:"File with the authorities (PEM) that sign the certificate of an https:// --server. Default: the system's." env:"SKALD_SERVER_CA" type:"path" placeholder:"FILE"`
	ServerCert string `name:"server-cert" help:"File with a certificate (PEM) to show to a --server that wants one; with --server-key." env:"SKALD_SERVER_CERT" type:"path" placeholder:"FILE"`
	ServerKey  string `name:"server-key" help:"File with the key (PEM) of --server-cert." env:"SKALD_SERVER_KEY" type:"path" placeholder:"FILE"`
}

// call runs ask with a client of the server, and adds advice to its error.
func (s serverFlag) call(ask func(*client.Client) error) error {
	return s.callBy(client.Options{}, ask)
}

// callBy is call with a client that is otherwise as options say.
func (s serverFlag) callBy(options client.Options, ask func(*client.Client) error) (err error) {
	options.Server = s.Server
	options.TLS, err = tlsOf(false, credential.TLS{CA: s.ServerCA, Certificate: s.ServerCert, Key: s.ServerKey}).Client()
	if err != nil {
		return advise(err, "Check --server-ca, --server-cert and --server-key.")
	}
	api, err := client.New(options)
	if err != nil {
		return advise(err, "Say where skald is with --server URL or SKALD_SERVER.")
	}
	defer api.Close()
	return adviseCall(ask(api))
}

// adviseByCode says what to do about a problem that the API's own text does not
// say, because it does not know these commands.
var adviseByCode = map[string]string{
	"no_route":                  "That skald does not have this: it is another version, or failure injection is off there (skald serve --faults rules).",
	"not_found":                 "See what there is: skald order list, skald stock list, skald incident list --all, skald dlq list --state all, skald fault list.",
	"cancel_refused":            "See where it stands: skald order get ID; and what a cancel would undo: skald order plan ID.",
	"pruned":                    "See how it ended: skald order get ID.",
	"changed":                   "Look at it again (skald order get ID shows its version), and cancel with that version, or without --if-unchanged.",
	"incident_decided":          "See what was decided: skald incident show ORDER UNDO.",
	"busy":                      "Repeat the command in a moment.",
	"key_reused":                "Leave --key or --decision-id out for something new, or repeat the first command exactly.",
	"order_conflict":            "Leave --id out, so that the server makes one, or take another.",
	"faults_off":                "Start skald with --faults headers, or leave --fault out. skald dev takes faults by default.",
	"fault_taken":               "Give the rule another name, as in [name=second], or remove the other: skald fault list, skald fault rm NAME.",
	"too_many_streams":          "Try again in a moment, or use skald order get ID, or skald events tail.",
	"unavailable":               "See what is down: skald health. Then repeat the command.",
	"internal":                  "Repeat the command; if it happens again, report it with what the server logged.",
	client.CodeUnexpectedAnswer: "Something else than skald answers there. Say where skald is with --server URL or SKALD_SERVER.",
}

// adviseByKind says what to do about a certificate that one side does not
// accept.
var adviseByKind = map[credential.Kind]string{
	credential.KindUntrusted: "Name the file of the authority that signs the server's certificate with --server-ca or SKALD_SERVER_CA.",
	credential.KindExpired:   "The server's certificate must be renewed; skald serve reads it again by itself.",
	credential.KindMisnamed:  "Call the server by a name that is in its certificate, with --server URL or SKALD_SERVER.",
	credential.KindOurs:      "The server wants a certificate: name yours with --server-cert and --server-key.",
	credential.KindNoTLS:     "The server does not speak TLS: begin --server with http://.",
}

func adviseCall(err error) error {
	if unreachable, ok := errors.AsType[*client.Unreachable](err); ok {
		if kind, is := credential.KindOf(unreachable.Err); is {
			return advise(err, "%s", adviseByKind[kind])
		}
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
