package schema_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/skald-saga/skald"
)

// headerSchemas describe headers as the objects that AsyncAPI takes them for.
// Others than these are allowed everywhere.
func headerSchemas(words source) object {
	id, sequence := object{{"type", "string"}, {"format", "uuid"}}, described("string", "1, 2, 3, … per order over both event topics, padded to sort as text.").with("pattern", "^[0-9]{10,}$")
	common := object{
		{"ce_specversion", object{{"const", "1.0"}}},
		{"ce_id", described("string", "UUIDv5: the same fact always has the same ID.").with("format", "uuid")},
		{"ce_source", object{{"const", skald.Source}}},
		{"ce_type", object{{"type", "string"}}},
		{"ce_subject", described("string", "The order's ID, or the SKU.")},
		{"ce_time", described("string", "UTC, from the database's clock.").with("format", "date-time")},
		{"ce_partitionkey", described("string", "The record's key.")},
		{"content-type", object{{"const", "application/json"}}},
	}
	order := append(slices.Clip(common), object{
		{"ce_sequence", sequence},
		{"ce_correlationid", described("string", "The order's ID.")},
		{"ce_causationid", append(object{{"description", "ce_id of the event that led to this one; absent for the first."}}, id...)},
		{"ce_faultinjected", object{{"description", "Present when failure injection had struck the order by then."}, {"const", "true"}}},
		{"traceparent", described("string", "W3C trace context that came with the order, if one did.")},
		{skald.HeaderFault, described("string", "On order.placed: the faults that the order brought along, and until when; absent otherwise.")},
	}...)
	return object{
		{"headers.order", headers(order, "ce_causationid", "ce_faultinjected", "traceparent", skald.HeaderFault)},
		{"headers.stock", headers(common)},
		{"headers.input", headers(inputHeaders(), "ce_time", "content-type", "traceparent", skald.HeaderFault)},
		{"headers.deadLetter", headers(letterHeaders(words), skald.HeaderLetterParkedAt)},
		{"headers.verdict", headers(verdictHeaders(), skald.HeaderVerdictReason)},
	}
}

func inputHeaders() object {
	filled := object{{"type", "string"}, {"minLength", 1}}
	return object{
		{"ce_specversion", object{{"const", "1.0"}}},
		{"ce_id", filled},
		{"ce_source", append(object{{"description", "Who sends it; /skald is skald itself."}}, filled...).with("not", object{{"const", skald.Source}})},
		{"ce_type", object{{"type", "string"}}},
		{"ce_subject", described("string", "The order's ID.")},
		{"ce_time", object{{"type", "string"}, {"format", "date-time"}}},
		{"content-type", described("string", "Any JSON media type.")},
		{"traceparent", described("string", "W3C trace context: the saga's spans and events carry it on.")},
		{skald.HeaderFault, described("string", "Faults for this order, where failure injection takes them from orders; elsewhere ignored, and the order says so.")},
	}
}

// letterHeaders are numbers and times in text, as headers are.
func letterHeaders(words source) object {
	number := func(what string) object { return described("string", what).with("pattern", "^[0-9]+$") }
	moment := func(what string) object { return described("string", what).with("format", "date-time") }
	reason, reasons := listed("Why it is a dead letter.", words.known["DeadLetterReason"])
	return object{
		{skald.HeaderErrorTopic, described("string", "The topic it came from.")},
		{skald.HeaderErrorPartition, number("Its partition there.")},
		{skald.HeaderErrorOffset, number("Its offset there.")},
		{skald.HeaderErrorGroup, described("string", "The consumer group that met it.")},
		{skald.HeaderErrorDeliveryCount, number("How often it was tried.")},
		{skald.HeaderErrorMessage, described("string", "What was wrong; never repeats a value.")},
		{skald.HeaderLetterReason, described("string", reason).with("examples", reasons)},
		{skald.HeaderLetterStage, described("string", "What intake was doing.").
			with("examples", []string{"decode", "admit", "cancel", "start", "signal", "handle"})},
		{skald.HeaderLetterFirstFailedAt, moment("When it first failed.")},
		{skald.HeaderLetterParkedAt, moment("When it was parked.")},
		{skald.HeaderLetterAttempts, number("How often it was tried.")},
		{skald.HeaderLetterReplayCount, number("How often it was put back.")},
	}
}

func verdictHeaders() object {
	return object{
		{skald.HeaderVerdict, described("string", "What became of the letter.").with("examples", []string{"replayed", "discarded"})},
		{skald.HeaderVerdictOf, described("string", "The letter: partition-offset on this topic.").with("pattern", "^[0-9]+-[0-9]+$")},
		{skald.HeaderVerdictActor, described("string", "Who settled it.")},
		{skald.HeaderVerdictReason, described("string", "Why, in the actor's words; may be empty.")},
		{skald.HeaderVerdictDecidedAt, object{{"type", "string"}, {"format", "date-time"}}},
	}
}

// headers requires all properties but those that may be absent.
func headers(properties object, optional ...string) object {
	var required []string
	for _, property := range properties.without(optional...) {
		required = append(required, property.name)
	}
	return object{{"type", "object"}, {"properties", properties}, {"required", required}}
}

func nameOf(payload skald.Payload) string { return reflect.TypeOf(payload).Name() }

func deadLetter(t *testing.T) message {
	t.Helper()
	order := readJSON(t, "../../testdata/order/complete.json")
	delete(order, "customer_id")
	return message{
		key: "dead_letter", name: "dead letter", channels: []channel{deadLetters}, about: "The key as it came.",
		summary: "A message that can never be used: key, value, timestamp and headers as they came, and these headers.",
		headers: reference("#/components/schemas/headers.deadLetter"), payload: object{{"description", "The value as it came."}},
		example: example{payload: order, headers: map[string]string{
			skald.HeaderErrorTopic: skald.TopicOrders, skald.HeaderErrorPartition: "2", skald.HeaderErrorOffset: "1041",
			skald.HeaderErrorGroup: skald.GroupIntake, skald.HeaderErrorDeliveryCount: "1",
			skald.HeaderErrorMessage: "customer_id must have 1 to 200 bytes",
			skald.HeaderLetterReason: string(skald.DeadLetterSchema), skald.HeaderLetterStage: "decode",
			skald.HeaderLetterFirstFailedAt: "2026-11-22T12:00:00.123456Z", skald.HeaderLetterAttempts: "1", skald.HeaderLetterReplayCount: "0",
		}},
	}
}

func verdict() message {
	return message{
		key: "dead_letter.verdict", name: "verdict", channels: []channel{deadLetters}, about: "The letter's key.",
		summary: "Settles a dead letter on the same partition: a record with an empty value.",
		headers: reference("#/components/schemas/headers.verdict"), payload: object{{"type", "string"}, {"maxLength", 0}}, media: "text/plain",
		example: example{payload: "", headers: map[string]string{
			skald.HeaderVerdict: "discarded", skald.HeaderVerdictOf: "2-17", skald.HeaderVerdictActor: "ops@example.com",
			skald.HeaderVerdictReason: "the shop sent it again", skald.HeaderVerdictDecidedAt: "2026-11-22T12:05:00Z",
		}},
	}
}
