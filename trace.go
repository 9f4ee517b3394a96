package skald

import (
	"regexp"
	"strings"
)

var traceParentExpression = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// TraceParent is header if it is a traceparent of W3C Trace Context, level 1;
// else it is empty. A broken header starts a new trace and refuses nothing, but
// it must not be kept: it travels with every event of its order, may be a
// megabyte long, and may hold bytes that a database does not store.
func TraceParent(header string) string {
	if !traceParentExpression.MatchString(header) || strings.HasPrefix(header, "ff-") {
		return ""
	}
	if header[3:35] == strings.Repeat("0", 32) || header[36:52] == strings.Repeat("0", 16) {
		return ""
	}
	return header
}
