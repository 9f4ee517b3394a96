package gateway

import (
	"maps"
	"net/http"
	"slices"
)

// ProblemCode names a kind of problem. Codes are a closed list and part of the
// API.
type ProblemCode string

// The codes of problems.
const (
	CodeMalformed        ProblemCode = "malformed"              // the body is not JSON, or ended early
	CodeFaultsOff        ProblemCode = "faults_off"             // the request asks for faults that are not injected here
	CodeInjected         ProblemCode = "fault_injection"        // failure injection kept the request from being carried out
	CodeKeyMissing       ProblemCode = "key_missing"            // the route needs an Idempotency-Key
	CodeBadEventID       ProblemCode = "bad_last_event_id"      // the stream never gave this ID
	CodeNoRoute          ProblemCode = "no_route"               // nothing is at this address
	CodeNotFound         ProblemCode = "not_found"              // there is no such order, SKU, incident, dead letter or fault rule
	CodeMethodNotAllowed ProblemCode = "method_not_allowed"     // the address has other methods
	CodeTimeout          ProblemCode = "request_timeout"        // the body did not arrive in time
	CodeFaultTaken       ProblemCode = "fault_taken"            // another fault rule has the name
	CodeOrderConflict    ProblemCode = "order_conflict"         // the order ID is taken by other content
	CodeCancelRefused    ProblemCode = "cancel_refused"         // the order can no longer be cancelled
	CodeDecided          ProblemCode = "incident_decided"       // somebody else decided first
	CodeBusy             ProblemCode = "busy"                   // dead letters are being settled by another call
	CodePruned           ProblemCode = "pruned"                 // the details were removed when they were old enough
	CodeChanged          ProblemCode = "changed"                // If-Match names another state of the order
	CodeTooLarge         ProblemCode = "too_large"              // the body is too long
	CodeUnsupportedMedia ProblemCode = "unsupported_media_type" // the body is not application/json
	CodeInvalid          ProblemCode = "invalid"                // see Errors
	CodeKeyReused        ProblemCode = "key_reused"             // the key was used for another request
	CodeTooManyRequests  ProblemCode = "too_many_requests"      // one client asks too much
	CodeInternal         ProblemCode = "internal"               // a bug in skald
	CodeOverloaded       ProblemCode = "overloaded"             // all clients together ask too much
	CodeTooManyStreams   ProblemCode = "too_many_streams"       // every event stream is taken
	CodeUnavailable      ProblemCode = "unavailable"            // the database or Kafka did not answer
)

// kind is what every problem with a code has in common. Meaning and advice are
// its page under /problems.
type kind struct {
	status          int
	title           string
	meaning, advice string
}

var kinds = map[ProblemCode]kind{
	CodeMalformed: {
		http.StatusBadRequest, "The body cannot be read",
		"The body is missing, is not one JSON value, ended early, or could be read in two ways: a name comes twice in one object, or a byte is not UTF-8.",
		"Nothing was carried out. Send the whole body again, as one JSON value; errors says where it breaks.",
	},
	CodeFaultsOff: {
		http.StatusBadRequest, "No faults are injected here",
		"The request has the header X-Skald-Fault, and failure injection is off, takes no faults from orders, or is meant for new orders alone.",
		"Nothing was carried out. Leave the header out, or start skald with --faults headers. skald dev does so by default.",
	},
	CodeInjected: {
		http.StatusServiceUnavailable, "A fault was injected",
		"Failure injection struck before the order was accepted, as a test asked for. The status is the one that the fault names.",
		"Nothing was carried out. Repeat the request, as after a real failure; detail names the rule.",
	},
	CodeKeyMissing: {
		http.StatusBadRequest, "An Idempotency-Key is needed",
		"The route carries out each key once, so it must be given one.",
		"Choose a name for this request, send it as Idempotency-Key, and keep it for repeats.",
	},
	CodeBadEventID: {
		http.StatusBadRequest, "Not an ID of this stream",
		"Last-Event-ID is not the id of an event that this stream gave, so it is not known where to go on.",
		"Leave the header out. The stream of an order then starts with its first event; that of all orders starts now, or at the oldest event with ?from=start.",
	},
	CodeNoRoute: {
		http.StatusNotFound, "No such address",
		"Nothing is at this address.",
		"Look at /docs for every route. Addresses have no trailing slash.",
	},
	CodeNotFound: {
		http.StatusNotFound, "Not found",
		"The address is right, but there is no order, SKU, incident, dead letter or schema with this name.",
		"Check the name; the list that detail names shows what there is.",
	},
	CodeMethodNotAllowed: {
		http.StatusMethodNotAllowed, "Method not allowed",
		"The address exists and does not take this method.",
		"The Allow header lists the methods that it takes.",
	},
	CodeTimeout: {
		http.StatusRequestTimeout, "The request came too slowly",
		"The body did not arrive in time.",
		"Nothing was carried out. Send it again, faster.",
	},
	CodeFaultTaken: {
		http.StatusConflict, "A fault rule has this name",
		"A rule that has not ended has the same name. Without a name, that is its point, phase and kind.",
		"Give the rule another name, or remove the other one first.",
	},
	CodeOrderConflict: {
		http.StatusConflict, "The order ID is taken",
		"An order with this id exists and has other content.",
		"Leave the id out, so that skald makes one, or take another. To repeat an order, send exactly the same body.",
	},
	CodeCancelRefused: {
		http.StatusConflict, "The order can no longer be cancelled",
		"The order has ended, is about to be handed to the carrier, or is being undone for another reason. order_status and reason say which.",
		"Repeating does not help. What was delivered is returned outside skald.",
	},
	CodeDecided: {
		http.StatusConflict, "The incident was decided before",
		"Somebody decided about this incident first, with another decision ID, and that decision counts.",
		"Get the incident to see what was decided. If the undo is refused again after a retry, it opens again.",
	},
	CodeBusy: {
		http.StatusConflict, "Dead letters are being settled",
		"Another call is replaying or discarding dead letters. They take turns, because each decides by what it read at its start.",
		"Nothing was carried out. Repeat the call when the other one has ended.",
	},
	CodePruned: {
		http.StatusGone, "Removed to make room",
		"The order has been final for longer than skald keeps details (--keep), or events behind the place where a reader wants to go on belong to such orders.",
		"GET /v1/orders/{id} still says how the order ended. A reader of all events leaves its cursor out, or starts with ?from=start: at the oldest place from which nothing is missing.",
	},
	CodeChanged: {
		http.StatusPreconditionFailed, "The order has changed",
		"The order is no longer in the state that If-Match names.",
		"Nothing was carried out. Get the order, decide again, and send its new ETag. Without If-Match the state does not matter.",
	},
	CodeTooLarge: {
		http.StatusRequestEntityTooLarge, "The body is too long",
		"The body is longer than the server reads; detail says how long it may be.",
		"Split the order, or shorten its texts.",
	},
	CodeUnsupportedMedia: {
		http.StatusUnsupportedMediaType, "The body is not JSON",
		"The Content-Type is missing or is not application/json, or the body is compressed.",
		"Send plain JSON with Content-Type: application/json.",
	},
	CodeInvalid: {
		http.StatusUnprocessableEntity, "The request is not valid",
		"The request can be read and breaks one or more rules. errors names every one of them with its field, and never repeats the value.",
		"Nothing was carried out. Mend everything that errors lists, then send the request again.",
	},
	CodeKeyReused: {
		http.StatusUnprocessableEntity, "The Idempotency-Key was used before",
		"The key came before with another request. Keys of orders are remembered for 7 days, those of receipts for ever, those of decisions as long as their order's events.",
		"Take a new key for a new request, or repeat the old request unchanged.",
	},
	CodeTooManyRequests: {
		http.StatusTooManyRequests, "Too many requests",
		"One client, which is an address or the /64 of an IPv6 address, sends more requests than it may, or has more open at a time.",
		"Nothing was carried out. Repeat the request after Retry-After seconds, with the same Idempotency-Key, and send fewer each second.",
	},
	CodeInternal: {
		http.StatusInternalServerError, "Internal error",
		"This is a bug in skald.",
		"If outcome is unknown, repeat the request with the same Idempotency-Key: it is carried out once. Report the request_id.",
	},
	CodeOverloaded: {
		http.StatusServiceUnavailable, "Too much to do",
		"The server works on as many requests of this kind as it takes on at a time, and the short wait for a place was in vain.",
		"Nothing was carried out. Repeat the request after Retry-After seconds with the same Idempotency-Key, here or at another skald on the same database.",
	},
	CodeTooManyStreams: {
		http.StatusServiceUnavailable, "Too many event streams",
		"As many event streams are open as the server allows.",
		"Try again after Retry-After seconds, close streams that are not needed, or read /v1/events page by page.",
	},
	CodeUnavailable: {
		http.StatusServiceUnavailable, "Not available now",
		"The database, or for dead letters Kafka, did not answer in time.",
		"Repeat the request after Retry-After seconds. If outcome is unknown, it may have been carried out: repeat it with the same Idempotency-Key and body, and it is carried out once.",
	},
}

// ProblemCodes lists every code.
func ProblemCodes() []ProblemCode { return slices.Sorted(maps.Keys(kinds)) }
