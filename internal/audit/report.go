package audit

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Finding is one disagreement, or one thing that waits for a person.
type Finding struct {
	Kind     Kind   `json:"kind"`
	Level    Level  `json:"level"`
	OrderID  string `json:"order_id,omitempty"`
	SKU      string `json:"sku,omitempty"`
	EventID  string `json:"event_id,omitempty"`
	Position int64  `json:"position,omitempty"` // of the event's row
	Topic    string `json:"topic,omitempty"`
	Key      string `json:"key,omitempty"`     // at the provider
	What     string `json:"what"`              // what disagrees, in a sentence
	Why      string `json:"why"`               // what is known of the reason
	Repair   string `json:"repair"`            // what Repair does, or who must
	Safe     bool   `json:"safe"`              // Repair does it
	Mended   string `json:"mended,omitempty"`  // what Repair has done
	Trouble  string `json:"trouble,omitempty"` // why Repair could not
}

// Report is what an audit found. Findings are sorted by kind, then by what they
// are about.
type Report struct {
	StartedAt  time.Time      `json:"started_at"`
	EndedAt    time.Time      `json:"ended_at"`
	Looked     map[Part]int64 `json:"looked"`           // orders, SKUs, rows or messages that each part went through
	Pruned     int64          `json:"pruned,omitempty"` // of the orders: whose details were removed, and digests compared
	Counts     map[Kind]int   `json:"counts"`           // all findings, those that are not listed included
	Findings   []Finding      `json:"findings"`
	Omitted    int            `json:"omitted,omitempty"`    // findings that are counted and not listed
	Unanswered []Part         `json:"unanswered,omitempty"` // parts that were not finished, because somebody did not answer
}

// Damage is how many findings are neither mended nor a person's matter: what a
// scheduled audit must be loud about.
func (r Report) Damage() int {
	damage := 0
	for kind, count := range r.Counts {
		if kind.Level() == LevelDamage {
			damage += count
		}
	}
	for _, finding := range r.Findings {
		if finding.Mended != "" {
			damage--
		}
	}
	return damage
}

// Clean reports whether everything was looked at and nothing disagrees.
func (r Report) Clean() bool { return r.Damage() == 0 && len(r.Unanswered) == 0 }

// notebook gathers a report. It may be written by several at once.
type notebook struct {
	query Query

	mu     sync.Mutex
	report Report
}

func newNotebook(q Query) *notebook {
	return &notebook{query: q, report: Report{
		StartedAt: time.Now().UTC(), Looked: map[Part]int64{}, Counts: map[Kind]int{}, Findings: []Finding{},
	}}
}

// note adds a finding, and fills in what its kind says about it.
func (n *notebook) note(f Finding) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.report.Counts[f.Kind]++
	if len(n.report.Findings) >= n.query.Findings {
		n.report.Omitted++
		return
	}
	nature := f.Kind.nature()
	f.Level, f.Safe, f.Repair = nature.level, nature.safe, nature.repair
	n.report.Findings = append(n.report.Findings, f)
}

func (n *notebook) looked(part Part, count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.report.Looked[part] += int64(count)
}

func (n *notebook) pruned() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.report.Pruned++
}

func (n *notebook) unanswered(part Part) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.report.Unanswered = append(n.report.Unanswered, part)
}

func (n *notebook) close() Report {
	n.mu.Lock()
	defer n.mu.Unlock()
	slices.SortFunc(n.report.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Kind.rank(), b.Kind.rank()), cmp.Compare(a.Position, b.Position), cmp.Compare(a.OrderID, b.OrderID),
			cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Topic, b.Topic),
		)
	})
	n.report.EndedAt = time.Now().UTC()
	return n.report
}
