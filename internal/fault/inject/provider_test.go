package inject_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/fault"
	"github.com/skald-saga/skald/internal/fault/inject"
	"github.com/skald-saga/skald/internal/provider"
)

// service is a payment provider and a carrier that writes down what it was asked.
type service struct{ asked []string }

func (s *service) ask(what string) (string, error) {
	s.asked = append(s.asked, what)
	return "ref-" + what, nil
}

func (s *service) know(what string) (provider.Record, error) {
	reference, err := s.ask(what)
	return provider.Record{State: provider.StateDone, Reference: reference}, err
}

func (s *service) Charge(_ context.Context, r provider.ChargeRequest) (string, error) {
	return s.ask("charge " + r.Key)
}

func (s *service) Refund(_ context.Context, key string) (string, error) {
	return s.ask("refund " + key)
}

func (s *service) Book(_ context.Context, r provider.BookRequest) (string, error) {
	return s.ask("book " + r.Key)
}

func (s *service) Cancel(_ context.Context, key string) (string, error) {
	return s.ask("cancel " + key)
}

func (s *service) Void(_ context.Context, key string) (provider.Record, error) {
	return s.know("void " + key)
}

func (s *service) Lookup(_ context.Context, key string) (provider.Record, error) {
	return s.know("lookup " + key)
}

// calls are all calls of both ports, by their point.
func calls(e *fault.Engine, s *service) map[fault.Point]func(context.Context) (string, error) {
	payment, carrier := inject.Payment(e, s), inject.Carrier(e, s)
	reference := func(r provider.Record, err error) (string, error) { return r.Reference, err }
	return map[fault.Point]func(context.Context) (string, error){
		fault.PointPaymentCharge: func(ctx context.Context) (string, error) {
			return payment.Charge(ctx, provider.ChargeRequest{Key: "k", OrderID: "o-1"})
		},
		fault.PointPaymentRefund: func(ctx context.Context) (string, error) { return payment.Refund(ctx, "k") },
		fault.PointPaymentVoid:   func(ctx context.Context) (string, error) { return reference(payment.Void(ctx, "k")) },
		fault.PointPaymentLookup: func(ctx context.Context) (string, error) { return reference(payment.Lookup(ctx, "k")) },
		fault.PointCarrierBook: func(ctx context.Context) (string, error) {
			return carrier.Book(ctx, provider.BookRequest{Key: "k", OrderID: "o-1", Items: []skald.Quantity{{SKU: "SKU-7"}}})
		},
		fault.PointCarrierCancel: func(ctx context.Context) (string, error) { return carrier.Cancel(ctx, "k") },
		fault.PointCarrierVoid:   func(ctx context.Context) (string, error) { return reference(carrier.Void(ctx, "k")) },
		fault.PointCarrierLookup: func(ctx context.Context) (string, error) { return reference(carrier.Lookup(ctx, "k")) },
	}
}

func TestEachCallToAProviderFailsBeforeAndAfterAndTwice(t *testing.T) {
	t.Parallel()
	for point := range calls(nil, nil) {
		for rule, want := range map[string]struct {
			asked int
			fails bool
		}{
			"=abort(unavailable)":       {0, true},
			"/after=abort(unavailable)": {1, true},
			"=duplicate":                {2, false},
			"[within=charge_payment,order=o-1,attempts=2]=abort(internal)": {0, true},
			"[within=refund_payment]=abort(internal)":                      {1, false},
			"[attempts=1]=abort(internal)":                                 {1, false},
		} {
			s := &service{}
			_, err := calls(engine(t, string(point)+rule), s)[point](at(t.Context(), "charge_payment", 2))
			_, injected := fault.AsError(err)
			_, refused := skald.AsRefused(err)
			if len(s.asked) != want.asked || injected != want.fails || refused {
				t.Errorf("%s%s: asked %v, %v", point, rule, s.asked, err)
			}
		}
	}
}

func TestWithoutAnEngineAProviderIsItself(t *testing.T) {
	t.Parallel()
	s := &service{}
	if inject.Payment(nil, s) != provider.Payment(s) || inject.Carrier(nil, s) != provider.Carrier(s) {
		t.Error("a provider is wrapped for nothing")
	}
}

func TestAnInjectedRefusalIsTheProvidersOwn(t *testing.T) {
	t.Parallel()
	for activity, point := range map[string]fault.Point{
		"charge_payment": fault.PointPaymentCharge, "schedule_shipping": fault.PointCarrierBook,
		"refund_payment": fault.PointPaymentRefund, "cancel_shipping": fault.PointCarrierCancel,
		"payment_charge": fault.PointPaymentCharge,
	} {
		s := &service{}
		_, err := calls(engine(t, activity+"[name=mine]=abort(refused,no_way)"), s)[point](t.Context())
		var refused *skald.Refused
		if !errors.As(err, &refused) || len(s.asked) != 0 {
			t.Fatalf("%s: asked %v, %v", activity, s.asked, err)
		}
		if diff := cmp.Diff(&skald.Refused{Code: "no_way", Message: "refused by fault rule mine"}, refused); diff != "" {
			t.Errorf("%s (-want +got):\n%s", activity, diff)
		}
	}
}

func TestACarrierKnowsWhatItIsToCarry(t *testing.T) {
	t.Parallel()
	for sku, asked := range map[string]int{"SKU-7": 0, "SKU-8": 1} {
		s := &service{}
		_, _ = calls(engine(t, "carrier_book[sku="+sku+"]=abort(unavailable)"), s)[fault.PointCarrierBook](t.Context())
		if len(s.asked) != asked {
			t.Errorf("%s: asked %v", sku, s.asked)
		}
	}
}
