package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/skald-saga/skald/internal/app"
	"github.com/skald-saga/skald/internal/credential"
)

// A secret is a variable that holds it, or a file that a flag names. It is never
// a flag's value, because a command line can be read by every user of the
// machine, and no key of the settings file.

// secretOf is the secret in the variable or in the file, none when neither is
// given. It errors when both are.
func secretOf(variable, flag, file string) (credential.Secret, error) {
	if !given(variable) {
		return credential.SecretFile(file), nil
	}
	if file != "" {
		return credential.Secret{}, advise(fmt.Errorf("%s and --%s are both given", variable, flag), "Leave one of them out.")
	}
	return credential.NewSecret(os.Getenv(variable)), nil
}

// checkSecrets refuses a database's password on the command line. In a variable
// or in the settings file, only those who run skald can read it.
func checkSecrets(command *kong.Context) error {
	for _, part := range command.Path {
		if part.Flag == nil || part.Resolved || (part.Flag.Name != "database" && part.Flag.Name != "ledger") {
			continue
		}
		if app.HasPassword(fmt.Sprint(command.FlagValue(part.Flag))) {
			return fmt.Errorf("--%[1]s holds a password, which every user of this machine can see there: leave it out, and name a file with --%[1]s-password-file, or set SKALD_%[2]s instead of the flag",
				part.Flag.Name, strings.ToUpper(part.Flag.Name))
		}
	}
	return nil
}

func given(variable string) bool { return os.Getenv(variable) != "" }
