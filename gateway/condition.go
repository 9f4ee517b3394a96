package gateway

import (
	"fmt"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

// etag names what tell says about an order. The sequence alone would not do: an
// order whose step begins changes its status and time before its next event. A
// pruned order says so, and has not changed otherwise.
func etag(state skald.OrderState) string {
	pruned := ""
	if state.Pruned != nil {
		pruned = "-pruned"
	}
	return fmt.Sprintf(`"%d-%d%s"`, state.LastSequence, state.UpdatedAt.UnixMicro(), pruned)
}

// version is the order that etag named. It is not ok for a tag that etag never
// writes.
func version(tag string) (v skald.Version, ok bool) {
	var micros int64
	tag = strings.Replace(tag, `-pruned"`, `"`, 1)
	if _, err := fmt.Sscanf(tag, `"%d-%d"`, &v.Sequence, &micros); err != nil {
		return skald.Version{}, false
	}
	v.UpdatedAt = time.UnixMicro(micros).UTC()
	again := etag(skald.OrderState{LastSequence: v.Sequence, UpdatedAt: v.UpdatedAt})
	return v, again == tag
}

// matches is the weak comparison that RFC 9110 asks of If-None-Match.
func matches(header, tag string) bool {
	for _, candidate := range tags(header) {
		candidate = strings.TrimPrefix(candidate, "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}

// tags lists the entity tags of a header. None of ours holds a comma.
func tags(header string) []string {
	var found []string
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			found = append(found, tag)
		}
	}
	return found
}
