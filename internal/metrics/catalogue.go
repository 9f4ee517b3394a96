package metrics

// Kind is what may be done with a metric's values.
type Kind string

// The kinds, in Prometheus' words.
const (
	KindCounter   Kind = "counter"   // only grows, from 0 at the start of the process
	KindGauge     Kind = "gauge"     // goes up and down
	KindHistogram Kind = "histogram" // counts values by their size
)

// Metric is one number that skald tells. Its name, kind, unit and labels are a
// promise; docs/metrics.md has them all.
type Metric struct {
	Name   string
	Kind   Kind
	Unit   string   // "seconds", "bytes", or what is counted
	Labels []string // each with few values, none of them from a customer
	Help   string   // one sentence
	bounds []float64
}

// Bounds of the histograms, in seconds.
var (
	requestBounds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
	attemptBounds = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
)

// The HTTP listener.
var (
	HTTPRequests = Metric{
		"skald_http_requests_total", KindCounter, "requests",
		[]string{"route", "method", "status"},
		"Requests answered, by the route as the API describes it.", nil,
	}
	HTTPDuration = Metric{
		"skald_http_request_duration_seconds", KindHistogram, "seconds",
		[]string{"route", "method"},
		"From the header of a request to the end of its answer; streams and waiting requests last as long as they wait.", requestBounds,
	}
	HTTPPlaces = Metric{
		"skald_http_places", KindGauge, "requests",
		[]string{"work"},
		"How many requests of a kind of work may be worked on at once.", nil,
	}
	HTTPPlacesUsed = Metric{
		"skald_http_places_used", KindGauge, "requests",
		[]string{"work"},
		"How many are worked on now.", nil,
	}
	HTTPPlacesWaiting = Metric{
		"skald_http_places_waiting", KindGauge, "requests",
		[]string{"work"},
		"How many wait for a place now.", nil,
	}
	HTTPPlacesRefused = Metric{
		"skald_http_places_refused_total", KindCounter, "requests",
		[]string{"work"},
		"Requests refused with 503 because all places were taken.", nil,
	}
	HTTPConnections = Metric{
		"skald_http_connections", KindGauge, "connections", nil,
		"Open connections.", nil,
	}
	HTTPOpen = Metric{
		"skald_http_requests_open", KindGauge, "requests", nil,
		"Requests under way, whatever they do; health checks and scrapes not counted.", nil,
	}
	HTTPStreams = Metric{
		"skald_http_streams", KindGauge, "streams", nil,
		"Open event streams.", nil,
	}
	HTTPWaits = Metric{
		"skald_http_waits", KindGauge, "requests", nil,
		"Requests that wait for the end of their order.", nil,
	}
	HTTPBodies = Metric{
		"skald_http_body_bytes", KindGauge, "bytes", nil,
		"Memory that bodies of requests hold beyond their free share.", nil,
	}
)

// Orders, counted by the process that committed the fact.
var (
	OrdersAccepted = Metric{
		"skald_orders_accepted_total", KindCounter, "orders", nil,
		"Orders accepted, by HTTP or from Kafka.", nil,
	}
	OrdersEnded = Metric{
		"skald_orders_ended_total", KindCounter, "orders",
		[]string{"status"},
		"Orders that ended, by their final status.", nil,
	}
	Compensations = Metric{
		"skald_compensations_total", KindCounter, "orders",
		[]string{"cause"},
		"Orders that began to compensate, by cause.", nil,
	}
	EventsRecorded = Metric{
		"skald_events_recorded_total", KindCounter, "events",
		[]string{"kind"},
		"Events committed, each once.", nil,
	}
)

// Sagas, counted by the worker that tried.
var (
	StepAttempts = Metric{
		"skald_step_attempts_total", KindCounter, "attempts",
		[]string{"step", "side", "outcome"},
		"Attempts at a step (side do) or at its compensation (side undo): ok; refused, for good; stopped, by a cancel or an undo; invalid, a bug; retry, it is tried again.", nil,
	}
	StepDuration = Metric{
		"skald_step_attempt_duration_seconds", KindHistogram, "seconds",
		[]string{"step", "side"},
		"How long an attempt took, its transactions and the provider's call together.", attemptBounds,
	}
)

// The database, read at each scrape: the same in every process.
var (
	OutboxUnpublished = Metric{
		"skald_outbox_unpublished", KindGauge, "events", nil,
		"Events that no relay has published yet; counted up to 100,000.", nil,
	}
	OutboxOldest = Metric{
		"skald_outbox_oldest_seconds", KindGauge, "seconds", nil,
		"Age of the first event that is not published, by the database's clock; 0 when there is none.", nil,
	}
	IncidentsOpen = Metric{
		"skald_incidents_open", KindGauge, "incidents", nil,
		"Undos that were refused for good and wait for a person.", nil,
	}
	DatabaseUp = Metric{
		"skald_database_up", KindGauge, "", nil,
		"1 when the database answered this scrape in time, else 0, and the three above are missing.", nil,
	}
	DatabaseConnections = Metric{
		"skald_database_connections", KindGauge, "connections",
		[]string{"pool", "state"},
		"Open connections of this process to the orders' database, used or idle.", nil,
	}
	DatabaseLimit = Metric{
		"skald_database_connections_limit", KindGauge, "connections",
		[]string{"pool"},
		"How many connections a pool may have.", nil,
	}
	DatabaseWaits = Metric{
		"skald_database_waits_total", KindCounter, "waits",
		[]string{"pool"},
		"How often somebody had to wait for a connection.", nil,
	}
	DatabaseWaited = Metric{
		"skald_database_wait_seconds_total", KindCounter, "seconds",
		[]string{"pool"},
		"How long they waited, together.", nil,
	}
)

// Intake: only of a worker.
var (
	IntakeRead = Metric{
		"skald_intake_messages_read_total", KindCounter, "messages", nil,
		"Messages read from the orders topic, those that came again included.", nil,
	}
	IntakeDone = Metric{
		"skald_intake_messages_done_total", KindCounter, "messages",
		[]string{"result"},
		"Messages carried out: saga started; duplicate, its saga had been started; over, its order was final; cancelled, a cancel recorded.", nil,
	}
	DeadLetters = Metric{
		"skald_dead_letters_total", KindCounter, "messages",
		[]string{"reason"},
		"Messages that intake parked on the dead-letter topic.", nil,
	}
	IntakeWaiting = Metric{
		"skald_intake_messages_waiting", KindGauge, "messages", nil,
		"Messages that wait for something that is away.", nil,
	}
	IntakePaused = Metric{
		"skald_intake_paused", KindGauge, "", nil,
		"1 while intake has paused because most messages fail for a reason that is not theirs, else 0.", nil,
	}
	IntakeSlots = Metric{
		"skald_intake_slots", KindGauge, "slots", nil,
		"How many messages and young sagas intake may have under way.", nil,
	}
	IntakeSlotsUsed = Metric{
		"skald_intake_slots_used", KindGauge, "slots", nil,
		"How many it has under way.", nil,
	}
)

// The relay: only of a process with that role.
var (
	RelayLeader = Metric{
		"skald_relay_leader", KindGauge, "", nil,
		"1 while this process's relay leads, else 0: the sum over all processes is 1.", nil,
	}
	RelayPublished = Metric{
		"skald_relay_published_total", KindCounter, "events", nil,
		"Events published and recorded as such by this process's relay.", nil,
	}
	RelayRefused = Metric{
		"skald_relay_refused_total", KindCounter, "events", nil,
		"Events that Kafka did not take; each is sent again, and its key waits meanwhile.", nil,
	}
	RelayInFlight = Metric{
		"skald_relay_in_flight", KindGauge, "events", nil,
		"Events that wait for Kafka's acknowledgement.", nil,
	}
	RelayResting = Metric{
		"skald_relay_resting_keys", KindGauge, "keys", nil,
		"Keys that wait because Kafka refused an event of theirs.", nil,
	}
)

// Failure injection: only where it is on.
var (
	FaultsFired = Metric{
		"skald_faults_fired_total", KindCounter, "faults",
		[]string{"point", "phase", "kind", "within"},
		"Faults that fired in this process, by where, when and what; within is the activity in which a database or provider call was struck.", nil,
	}
	FaultRules = Metric{
		"skald_fault_rules", KindGauge, "rules", nil,
		"Rules of failure injection that this process holds. Not 0 in production: somebody tests there.", nil,
	}
)

// The program.
var (
	BuildInfo = Metric{
		"skald_build_info", KindGauge, "",
		[]string{"version", "go_version"},
		"Always 1; its labels say what runs.", nil,
	}
)

// All is every metric, in the order of the documentation.
func All() []Metric {
	return []Metric{
		HTTPRequests, HTTPDuration, HTTPPlaces, HTTPPlacesUsed, HTTPPlacesWaiting, HTTPPlacesRefused,
		HTTPConnections, HTTPOpen, HTTPStreams, HTTPWaits, HTTPBodies,
		OrdersAccepted, OrdersEnded, Compensations, EventsRecorded,
		StepAttempts, StepDuration,
		OutboxUnpublished, OutboxOldest, IncidentsOpen, DatabaseUp,
		DatabaseConnections, DatabaseLimit, DatabaseWaits, DatabaseWaited,
		IntakeRead, IntakeDone, DeadLetters, IntakeWaiting, IntakePaused, IntakeSlots, IntakeSlotsUsed,
		RelayLeader, RelayPublished, RelayRefused, RelayInFlight, RelayResting,
		FaultsFired, FaultRules,
		BuildInfo,
	}
}
