package soak

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/skald-saga/skald/internal/client"
)

// Bundle is everything that is known of a run. In a folder it is a file for each
// field, lists with one JSON document a line, and the logs of the processes.
type Bundle struct {
	Plan    Plan                // plan.json
	Run     RunRecord           // run.json
	History []Entry             // history.jsonl
	Fired   []Fired             // fired.jsonl, by number
	Records []Record            // records.jsonl: by topic, partition and offset
	Orders  []OrderRecord       // orders.jsonl: every order that the API knows
	Stock   []client.StockLevel // stock.jsonl: every level, at the end
	Audit   json.RawMessage     // audit.json
	Logs    map[string]string   // logs/*.log, by name: what of them a checker looked for
}

// RunRecord says when what happened.
type RunRecord struct {
	StartedAt time.Time     `json:"started_at"` // UTC; all other times count from here
	FaultsEnd time.Duration `json:"faults_end_ns"`
	Healed    time.Duration `json:"healed_ns"`   // when every process did its work again
	Loaded    time.Duration `json:"loaded_ns"`   // when the last request after healing was concluded
	Quiesced  time.Duration `json:"quiesced_ns"` // when every order was final and every event published
	Trouble   string        `json:"trouble,omitempty"`
	Skald     string        `json:"skald"` // its version
}

// trouble notes what kept the run from going as it should.
func (b *Bundle) trouble(what string, err error) {
	if b.Run.Trouble != "" {
		b.Run.Trouble += "; "
	}
	b.Run.Trouble += fmt.Sprintf("%s: %v", what, err)
}

// OrderRecord is an order as the API tells it.
type OrderRecord struct {
	Order    client.Order   `json:"order"`
	Timeline []client.Event `json:"timeline"`
}

// Record is one record of a topic, as a plain consumer reads it.
type Record struct {
	Topic     string            `json:"topic"`
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Time      time.Time         `json:"time"`
	Key       string            `json:"key"`
	Headers   map[string]string `json:"headers"`
	Value     string            `json:"value"`
}

// Files of a bundle.
const (
	planFile    = "plan.json"
	runFile     = "run.json"
	historyFile = "history.jsonl"
	firedFile   = "fired.jsonl"
	recordsFile = "records.jsonl"
	ordersFile  = "orders.jsonl"
	stockFile   = "stock.jsonl"
	auditFile   = "audit.json"
	logsFolder  = "logs"
	// ReportFile is the page for people, VerdictFile the same for programs.
	ReportFile  = "report.html"
	VerdictFile = "report.json"
)
