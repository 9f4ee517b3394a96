package fault

// Kind names what a rule does.
type Kind string

// The kinds. A rule has exactly one.
const (
	KindAbort     Kind = "abort"
	KindDelay     Kind = "delay"
	KindHang      Kind = "hang"
	KindPanic     Kind = "panic"
	KindKill      Kind = "kill"
	KindDuplicate Kind = "duplicate"
	KindCorrupt   Kind = "corrupt"
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{KindAbort, KindDelay, KindHang, KindPanic, KindKill, KindDuplicate, KindCorrupt}
}

// ErrorName is what an abort answers. Each adapter makes of it what the real
// thing answers there.
type ErrorName string

// The errors of an abort.
const (
	Unavailable       ErrorName = "unavailable"        // the other side is away
	Timeout           ErrorName = "timeout"            // no answer in time
	ResourceExhausted ErrorName = "resource_exhausted" // too much, come back later; of a database: the disk is full
	Internal          ErrorName = "internal"           // the other side broke
	Conflict          ErrorName = "conflict"           // somebody else was first; of a database: a serialization failure, or busy
	Deadlock          ErrorName = "deadlock"           // of a database alone
	Refused           ErrorName = "refused"            // the business says no, with a code: final
)

// Fault is what a rule does. Exactly one field is set.
type Fault struct {
	Abort     *Abort     `json:"abort,omitempty"`
	Delay     *Delay     `json:"delay,omitempty"`
	Hang      *Hang      `json:"hang,omitempty"`
	Panic     *Panic     `json:"panic,omitempty"`
	Kill      *Kill      `json:"kill,omitempty"`
	Duplicate *Duplicate `json:"duplicate,omitempty"`
	Corrupt   *Corrupt   `json:"corrupt,omitempty"`
}

// Abort answers with an error: before, instead of doing it; after, instead of
// telling what was done.
type Abort struct {
	Error ErrorName `json:"error"`
	// Code is a refusal's, as in "card_declined". Refused alone has one.
	Code string `json:"code,omitempty"`
	// RetryAfter is how long the caller is told to wait. ResourceExhausted alone
	// has one; at most MaxDelay.
	RetryAfter Duration `json:"retry_after,omitempty"`
	// Final makes the error one that is not tried again. Only for steps before
	// the pivot: everything else must happen in the end.
	Final bool `json:"final,omitempty"`
}

// Delay waits Fixed ± Jitter. It ends early when the caller stops waiting.
type Delay struct {
	Fixed  Duration `json:"fixed"`
	Jitter Duration `json:"jitter,omitempty"`
}

// Hang waits until the caller stops waiting, at most MaxHang, or until the rule
// ends. Execute, before, then does it all the same, Late after the caller gave
// up: an effect that comes too late.
type Hang struct {
	Execute bool     `json:"execute,omitempty"`
	Late    Duration `json:"late,omitempty"`
}

// Panic panics. What it does is up to whoever recovers at the point.
type Panic struct{}

// Kill sends this process a signal: KILL, or STOP, from which somebody outside
// must wake it.
type Kill struct {
	Signal Signal `json:"signal,omitempty"` // default KILL
}

// Signal names a signal.
type Signal string

// The signals of a Kill.
const (
	SignalKill Signal = "KILL"
	SignalStop Signal = "STOP"
)

// Duplicate does it Extra times more, one after the other or at once. The last
// answer is the caller's.
type Duplicate struct {
	Extra      int  `json:"extra,omitempty"` // default 1, at most MaxDuplicates
	Concurrent bool `json:"concurrent,omitempty"`
}

// Corrupt damages a message.
type Corrupt struct {
	Mode Mode `json:"mode"`
}

// Mode is how a message is damaged.
type Mode string

// The modes of a Corrupt.
const (
	Truncate      Mode = "truncate"       // the second half is missing
	BadJSON       Mode = "bad_json"       // it is no JSON
	UnknownSchema Mode = "unknown_schema" // its type is one that nobody knows
)

// Kind is the kind of the fault that is set, or "" when none or several are.
func (f Fault) Kind() Kind {
	set := f.kinds()
	if len(set) != 1 {
		return ""
	}
	return set[0]
}

func (f Fault) kinds() []Kind {
	var set []Kind
	for kind, given := range map[Kind]bool{
		KindAbort: f.Abort != nil, KindDelay: f.Delay != nil, KindHang: f.Hang != nil, KindPanic: f.Panic != nil,
		KindKill: f.Kill != nil, KindDuplicate: f.Duplicate != nil, KindCorrupt: f.Corrupt != nil,
	} {
		if given {
			set = append(set, kind)
		}
	}
	return set
}
