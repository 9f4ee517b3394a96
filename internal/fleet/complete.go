package fleet

import (
	"context"
	"fmt"
)

// Run runs skald with other arguments and a service's environment, as `docker
// compose run` does, and returns what it wrote to standard output. It errors
// when the exit code is not 0; the error ends with what it wrote to standard
// error.
func (f *Fleet) Run(ctx context.Context, service string, args ...string) (string, error) {
	s, ok := f.services[service]
	if !ok {
		return "", fmt.Errorf("%s is no service of skald's", service)
	}
	return f.o.program(f.o.place(s, "")).run(ctx, args...)
}

// complete runs a service that ends, as often as its restart policy allows.
func (f *Fleet) complete(ctx context.Context, name string) error {
	service := f.services[name]
	var failed error
	for range service.Attempts {
		_, err := f.Run(ctx, name, service.Command...)
		if err == nil || ctx.Err() != nil {
			return err
		}
		failed = err
	}
	return fmt.Errorf("%s failed %d times: %w", name, service.Attempts, failed)
}
