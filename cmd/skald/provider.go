package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/skald-saga/skald/internal/app"
)

// secretVariable holds the secret itself. It is no flag, because a command line
// can be read by every user of the machine, and no key of the settings file.
const secretVariable = "SKALD_PROVIDER_SECRET" //nolint:gosec // G101: the name of a variable is no secret

// secretFlag is embedded in every command that signs requests to providers.
type secretFlag struct {
	ProviderSecretFile string `help:"File that holds the secret which signs requests to your own payment provider and carrier. The variable SKALD_PROVIDER_SECRET may hold the secret itself instead." env:"SKALD_PROVIDER_SECRET_FILE" type:"path" placeholder:"FILE"`
}

// maxSecretFile is more than two of the longest secrets need.
const maxSecretFile = 1 << 10

// secret is empty when there is none. It is checked where it is used.
func (s secretFlag) secret() (app.ProviderSecret, error) {
	if given := os.Getenv(secretVariable); given != "" {
		if s.ProviderSecretFile != "" {
			return "", advise(errors.New("two provider secrets are given"), "Unset %s, or leave --provider-secret-file out.", secretVariable)
		}
		return app.ProviderSecret(given), nil
	}
	if s.ProviderSecretFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(s.ProviderSecretFile)
	switch {
	case err != nil:
		return "", advise(fmt.Errorf("provider secret: %w", err), "Name a file that can be read with --provider-secret-file, or set %s.", secretVariable)
	case len(text) > maxSecretFile || strings.TrimSpace(string(text)) == "":
		return "", advise(fmt.Errorf("provider secret: %s has %d bytes", s.ProviderSecretFile, len(text)),
			`It must hold "whsec_" and the base64 of 24 to 64 random bytes: docs/providers.md says how to make one.`)
	}
	return app.ProviderSecret(strings.TrimSpace(string(text))), nil
}

// providerFlags are embedded in every command that runs skald.
type providerFlags struct {
	PaymentURL string `help:"Base URL of your own payment provider (docs/providers.md). Default: the sandbox." env:"SKALD_PAYMENT_URL" placeholder:"URL"`
	CarrierURL string `help:"Base URL of your own carrier (docs/providers.md). Default: the sandbox." env:"SKALD_CARRIER_URL" placeholder:"URL"`
	secretFlag
}

type providerCommand struct {
	Check checkProviderCommand `cmd:"" help:"Check a payment provider or carrier of your own against every rule."`
}

type checkProviderCommand struct {
	URL      string `arg:"" name:"url" help:"Base URL of the service."`
	Kind     string `help:"What it is." enum:"payment,carrier" default:"payment"`
	Approved string `help:"Payment token that it charges. Default: tok_visa." placeholder:"TOKEN"`
	Declined string `help:"Payment token that it refuses. Default: tok_declined." placeholder:"TOKEN"`
	secretFlag
	outputFlag
}

// Help warns.
func (checkProviderCommand) Help() string {
	return `Asks the running service by every rule that skald's own sandbox keeps: repeats, refusals, voids before and after, undos, many calls at once, and with a secret forged and stale signatures. It charges and books under keys that begin with check-, so point it at a test mode.`
}

// Example is an example of a provider: go run ./docs/examples/provider-go.
func (checkProviderCommand) Example() string {
	return "skald provider check http://127.0.0.1:9000 --kind payment"
}

// checkedProvider is what provider check prints as JSON.
type checkedProvider struct {
	URL   string            `json:"url"`
	Kind  string            `json:"kind"`
	OK    bool              `json:"ok"`
	Rules []app.CheckedRule `json:"rules"`
}

// Run prints each rule as it is judged, and fails unless all hold.
func (c *checkProviderCommand) Run(ctx context.Context, con *console) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	judged, err := app.CheckProvider(ctx, app.ProviderCheck{
		URL: c.URL, Kind: c.Kind, Secret: secret, Approved: c.Approved, Declined: c.Declined,
	}, func(rule app.CheckedRule) {
		if !c.json() {
			con.rule(rule)
		}
	})
	if err != nil {
		return advise(err, "Nothing could be judged. Is the service running, and is this its base URL? docs/providers.md has two to begin with.")
	}
	broken := 0
	for _, rule := range judged {
		if !rule.OK {
			broken++
		}
	}
	if c.json() {
		if err := con.document(checkedProvider{c.URL, c.Kind, broken == 0, judged}); err != nil {
			return err
		}
	}
	if broken > 0 {
		return advise(fmt.Errorf("%d of %d rules do not hold", broken, len(judged)), "docs/providers.md says what each answer must be. Until all hold, do not let skald use it.")
	}
	return nil
}

func (c *console) rule(rule app.CheckedRule) {
	sign := c.palette.good("✓")
	switch {
	case rule.Skipped:
		sign = c.palette.faint("-")
	case !rule.OK:
		sign = c.palette.bad("✗")
	}
	c.printf("%s %s\n", sign, rule.Name)
	if rule.Detail != "" {
		c.printf("    %s\n", rule.Detail)
	}
}
