package app

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/sdk/interceptor"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/gateway"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/inject"
	"github.com/skald-saga/skald/workers"
)

// database wraps the store's connector, around what a test put there.
func (f *faults) database(inner func(driver.Connector) driver.Connector) func(driver.Connector) driver.Connector {
	if f == nil {
		return inner
	}
	outer := inject.Database(f.engine)
	if inner == nil {
		return outer
	}
	return func(connector driver.Connector) driver.Connector { return outer(inner(connector)) }
}

// dialDatabase is nil without faults.
func (f *faults) dialDatabase() func(context.Context, string, string) (net.Conn, error) {
	if f == nil {
		return nil
	}
	return f.postgres.DialContext
}

// carriedBy looks up what an order brought along.
func (a *App) carriedBy(ctx context.Context, orderID string) (string, error) {
	carried, err := a.store.Fault(ctx, orderID)
	if errors.Is(err, skald.ErrNotFound) || skald.FaultIsIgnored(carried) {
		return "", nil
	}
	return carried, err
}

func (a *App) skusOf(ctx context.Context, orderID string) []string {
	order, err := a.store.Order(ctx, orderID)
	if err != nil {
		a.config.Logger.WarnContext(ctx, "a fault rule about a SKU did not fire, because the order could not be read", "order", orderID, "error", err)
	}
	skus := make([]string, len(order.Items))
	for n, item := range order.Items {
		skus[n] = item.SKU
	}
	return skus
}

// interceptors are the saga worker's: counting sees everything, and faults strike
// innermost.
func (a *App) interceptors() []interceptor.WorkerInterceptor {
	all := append([]interceptor.WorkerInterceptor{workers.Observe(a.counts)}, a.config.Seams.Workers...)
	if a.faults != nil {
		all = append(all, inject.Worker(a.faults.engine, inject.WorkerOptions{SKUs: a.skusOf}))
	}
	return all
}

// injectIntake stands around what intake asks, and reads what orders from
// elsewhere bring along.
func (a *App) injectIntake(options *workers.IntakeOptions) {
	if a.faults == nil {
		return
	}
	struck := inject.Intake{Engine: a.faults.engine, CarriedOf: a.carriedBy}
	options.Orders, options.Sagas = struck.Orders(a.store), struck.Starter(a.clients.client)
	if a.config.Faults.Mode == FaultsHeaders {
		options.Carry = a.faults.ReadFault
	}
}

// records is where messages are damaged: in the clients that read and write
// them, and in no tool that looks at them.
func (f *faults) records() []kgo.Opt {
	if f == nil {
		return nil
	}
	return []kgo.Opt{kgo.WithHooks(inject.Records(f.engine))}
}

// dialer is the client's way to Kafka. TLS lies inside: what breaks is what
// Kafka says.
func (f *faults) dialer() []kgo.Opt {
	if f == nil {
		return nil
	}
	return []kgo.Opt{kgo.Dialer(f.kafka.DialContext)}
}

// Strike implements gateway.Faults. A header that is refused is the gateway's to
// answer.
func (f *faults) Strike(next http.Handler, answer gateway.FaultAnswer) http.Handler {
	struck := inject.GatewayAnswering(f.engine, next, inject.Answer(answer))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header.Values(skald.HeaderHTTPFault)
		places := r.Method == http.MethodPost && r.URL.Path == "/v1/orders"
		if len(values) > 1 || len(values) == 1 && (!places || values[0] == "" || f.refuses(values[0])) {
			next.ServeHTTP(w, r)
			return
		}
		struck.ServeHTTP(w, r)
	})
}

func (f *faults) refuses(header string) bool {
	_, err := fault.ParseCarried(header, f.engine.Policy(), time.Now())
	return err != nil
}
