package app

import (
	"github.com/skald-saga/skald/activities"
	"github.com/skald-saga/skald/internal/fault/inject"
	"github.com/skald-saga/skald/internal/provider"
	"github.com/skald-saga/skald/internal/provider/remote"
)

// openProviders chooses who captures money and who carries parcels: somebody's
// service behind a URL, or the sandbox.
func (a *App) openProviders() error {
	a.payment, a.carrier = a.ledger.Payment(), a.ledger.Carrier()
	if url := a.config.PaymentURL; url != "" {
		payment, err := remote.NewPayment(remote.Options{URL: url, Secret: a.config.ProviderSecret})
		if err != nil {
			return err
		}
		a.payment, a.closers = payment, append(a.closers, payment.Close)
	}
	if url := a.config.CarrierURL; url != "" {
		carrier, err := remote.NewCarrier(remote.Options{URL: url, Secret: a.config.ProviderSecret})
		if err != nil {
			return err
		}
		a.carrier, a.closers = carrier, append(a.closers, carrier.Close)
	}
	if wrap := a.config.Seams.Payment; wrap != nil {
		a.payment = wrap(a.payment)
	}
	if wrap := a.config.Seams.Carrier; wrap != nil {
		a.carrier = wrap(a.carrier)
	}
	if a.faults != nil {
		a.payment, a.carrier = inject.Payment(a.faults.engine, a.payment), inject.Carrier(a.faults.engine, a.carrier)
	}
	return nil
}

func (a *App) activities() (*activities.Activities, error) {
	return activities.New(activities.Options{Store: a.store, Payment: a.payment, Carrier: a.carrier})
}

// providers are what the activities and the auditor call.
type providers struct {
	payment provider.Payment
	carrier provider.Carrier
	closers []func()
}
