package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// iterations is the cost of a guess at a SCRAM password, and Kafka's least.
const iterations = 4096

// ensureUser makes User when it is missing, which is once in the life of a
// folder: users and grants are part of the broker's data.
func (k *Kafka) ensureUser(ctx context.Context, admin *kadm.Client) error {
	if k.security == nil {
		return nil
	}
	if known, err := knows(ctx, admin, User); known || err != nil {
		return err
	}
	// The user comes last: if this ends in between, it is done again.
	if err := permit(ctx, admin, User, Grants()); err != nil {
		return err
	}
	return addUser(ctx, admin, User, k.security.kafkaPassword)
}

// AddUser makes a user that can log in with SCRAM, or gives it another
// password, and permits what is granted. It returns when the broker knows.
// Only a secured Kafka has users.
//
// Users of PLAIN are in the broker's configuration; a token or a certificate
// needs no user, only grants.
func (k *Kafka) AddUser(ctx context.Context, name, password string, grants ...Grant) error {
	return k.administer(func(admin *kadm.Client) error {
		if err := addUser(ctx, admin, name, password); err != nil {
			return err
		}
		return permit(ctx, admin, name, grants)
	})
}

// Permit lets a user do more. It returns when the broker knows.
func (k *Kafka) Permit(ctx context.Context, user string, grants ...Grant) error {
	return k.administer(func(admin *kadm.Client) error { return permit(ctx, admin, user, grants) })
}

// Forbid takes grants back. It returns when the broker knows.
func (k *Kafka) Forbid(ctx context.Context, user string, grants ...Grant) error {
	return k.administer(func(admin *kadm.Client) error {
		for _, grant := range grants {
			if _, err := admin.DeleteACLs(ctx, grant.filter(user)); err != nil {
				return fmt.Errorf("forbid %s: %w", user, err)
			}
		}
		return awaitGrants(ctx, admin, user, grants, false)
	})
}

func (k *Kafka) administer(work func(*kadm.Client) error) error {
	options, err := k.options()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	return work(kadm.NewClient(client))
}

// options are those of a client that may do everything.
func (k *Kafka) options() ([]kgo.Opt, error) {
	if k.security == nil {
		return []kgo.Opt{kgo.SeedBrokers(k.address)}, nil
	}
	config, err := k.security.Authority.TLS(k.security.administrator)
	return []kgo.Opt{kgo.SeedBrokers(k.CertificateAddress()), kgo.DialTLSConfig(config)}, err
}

// addUser names the user once in each request: Kafka takes no request that names
// one twice.
func addUser(ctx context.Context, admin *kadm.Client, name, password string) error {
	for _, mechanism := range []kadm.ScramMechanism{kadm.ScramSha256, kadm.ScramSha512} {
		altered, err := admin.AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{{User: name, Mechanism: mechanism, Iterations: iterations, Password: password}})
		if err := errors.Join(err, altered.Error()); err != nil {
			return fmt.Errorf("user %s: %w", name, err)
		}
	}
	if err := await(ctx, func() (bool, error) { return knows(ctx, admin, name) }); err != nil {
		return fmt.Errorf("user %s: %w", name, err)
	}
	return nil
}

func knows(ctx context.Context, admin *kadm.Client, user string) (bool, error) {
	described, err := admin.DescribeUserSCRAMs(ctx, user)
	return err == nil && len(described[user].CredInfos) == 2, err
}

// await asks until the answer is yes.
func await(ctx context.Context, ask func() (bool, error)) error {
	pause := time.NewTicker(probePause / 10)
	defer pause.Stop()
	for {
		if ok, err := ask(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
}
