package schema_test

import (
	"strings"
	"testing"

	"github.com/skald-saga/skald"
	"github.com/skald-saga/skald/internal/kafka"
	"github.com/skald-saga/skald/internal/schema"
)

const bindingVersion = "0.5.0" // of the Kafka bindings

// asyncapi is docs/asyncapi.yaml: skald as another program on the same Kafka
// sees it. It holds the schemas themselves, so that it can be used alone.
func asyncapi(t *testing.T) object {
	t.Helper()
	all := messages(t)
	return object{
		{"asyncapi", "3.0.0"},
		{"info", object{
			{"title", "skald"},
			{"version", "1.0.0"},
			{"description", "The topics of skald, which carries orders through stock, payment and shipping as a saga. " +
				"What a reader may rely on is in docs/events.md. Sending and receiving are said from skald's side."},
			{"license", object{{"name", "Apache-2.0"}, {"url", "https://www.apache.org/licenses/LICENSE-2.0"}}},
		}},
		{"defaultContentType", "application/json"},
		{"servers", object{{"development", object{
			{"host", "127.0.0.1:9092"}, {"protocol", "kafka"}, {"description", "The broker inside `skald dev`."},
		}}}},
		{"channels", channels(all)},
		{"operations", operations(all)},
		{"components", object{{"messages", components(all)}, {"schemas", schemas(t)}}},
	}
}

// channel is a topic and the word for it in the document.
type channel struct{ name, topic, description string }

var (
	orders        = channel{"orders", skald.TopicOrders, "What starts or cancels a saga, from anyone. The key is the order's ID."}
	events        = channel{"events", skald.TopicEvents, "What happened going forward, and how orders end. The key is the order's ID, or the SKU."}
	compensations = channel{"compensations", skald.TopicCompensations, "Every undo. The key is the order's ID."}
	deadLetters   = channel{"deadLetters", skald.TopicDeadLetters, "Messages that can never be used, with the reason. The key is as it came."}
)

func channels(all []message) object {
	var written object
	for _, c := range []channel{orders, events, compensations, deadLetters} {
		written = written.with(c.name, object{
			{"address", c.topic},
			{"description", c.description},
			{"messages", on(c, all)},
			{"bindings", object{{"kafka", object{
				{"topic", c.topic},
				{"partitions", kafka.DefaultPartitions},
				{"topicConfiguration", c.configuration()},
				{"bindingVersion", bindingVersion},
			}}}},
		})
	}
	return written
}

func on(c channel, all []message) object {
	var written object
	for _, m := range all {
		if m.goesTo(c) {
			written = written.with(m.key, reference("#/components/messages/"+m.key))
		}
	}
	return written
}

// configuration is what skald asks for when it creates the topic.
func (c channel) configuration() object {
	if c == deadLetters {
		return object{
			{"retention.ms", kafka.DefaultDeadLetterRetention.Milliseconds()},
			{"retention.bytes", kafka.DefaultRetentionBytes},
			{"max.message.bytes", kafka.MaxDeadLetterBytes},
		}
	}
	return object{{"retention.ms", kafka.DefaultRetention.Milliseconds()}, {"retention.bytes", kafka.DefaultRetentionBytes}}
}

func operations(all []message) object {
	foreign := func(m message) bool { return m.foreign }
	own := func(m message) bool { return !m.foreign }
	group := object{{"kafka", object{
		{"groupId", object{{"type", "string"}, {"const", skald.GroupIntake}}},
		{"bindingVersion", bindingVersion},
	}}}
	return object{
		{"receiveOrders", operation("receive", orders, "Intake starts and cancels sagas.", all, foreign).with("bindings", group)},
		{"sendOrders", operation("send", orders, "What came over HTTP takes the same way.", all, own)},
		{"sendEvents", operation("send", events, "The relay publishes what was recorded.", all, own)},
		{"sendCompensations", operation("send", compensations, "The relay publishes what was undone.", all, own)},
		{"parkDeadLetters", operation("send", deadLetters, "Intake parks what it can never use.", all, own)},
	}
}

func operation(action string, c channel, summary string, all []message, chosen func(message) bool) object {
	var carried []object
	for _, m := range all {
		if m.goesTo(c) && chosen(m) {
			carried = append(carried, reference("#/channels/"+c.name+"/messages/"+m.key))
		}
	}
	return object{
		{"action", action},
		{"channel", reference("#/channels/" + c.name)},
		{"summary", summary},
		{"messages", carried},
	}
}

func components(all []message) object {
	var written object
	for _, m := range all {
		written = written.with(m.key, m.written())
	}
	return written
}

// schemas are the files of this package by name, and those of the headers.
func schemas(t *testing.T) object {
	t.Helper()
	written := headerSchemas(readSource(t))
	for _, document := range documents(t) {
		written = written.with(componentOf(document.ref), document.schema.without("$schema", "$id"))
	}
	return written
}

func componentOf(ref string) string {
	return strings.TrimSuffix(strings.TrimPrefix(ref, schema.Prefix), ".json")
}

func reference(to string) object { return object{{"$ref", to}} }
