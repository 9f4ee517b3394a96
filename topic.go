package skald

// Topics. A topic's name is a contract, not a setting.
const (
	// TopicOrders carries what starts or cancels a saga, from anyone.
	TopicOrders = "skald.orders.v1"
	// TopicEvents carries what happened going forward, and how orders end.
	TopicEvents = "skald.events.v1"
	// TopicCompensations carries every undo.
	TopicCompensations = "skald.compensations.v1"
	// TopicDeadLetters parks messages that intake can never use.
	TopicDeadLetters = "skald.orders.v1.dlq"
)

// Topics lists every topic skald uses.
func Topics() []string {
	return []string{TopicOrders, TopicEvents, TopicCompensations, TopicDeadLetters}
}

// GroupIntake is the consumer group of intake.
const GroupIntake = "skald-intake"

// Source is the CloudEvents source of everything skald publishes.
const Source = "/skald"

// MaxEventBytes bounds one event's data. It stays well under Kafka's default
// of 1 MiB a message, so that headers and a dead letter's extras fit too.
const MaxEventBytes = 512 << 10
