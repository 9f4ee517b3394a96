package fleet_test

import (
	"testing"
	"time"
)

// maxWrong bounds what is kept of what went wrong.
const maxWrong = 20

func (s *shop) record(a answer, r request, took time.Duration) {
	s.note(func() {
		if r.wait == 0 {
			s.longest = max(s.longest, took)
		}
		s.statuses[a.status]++
		if a.refused() {
			s.refused++
		}
		if a.accepted() || a.tooLate() {
			return
		}
		if err := s.allow(a); err != nil && len(s.wrong) < maxWrong {
			s.wrong = append(s.wrong, err.Error())
		}
	})
}

func (s *shop) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// report tells the figures, and fails the test for every answer that was not
// allowed.
func (s *shop) report(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	ways := map[string]int{}
	for id, way := range s.ways {
		ways[way+" → "+s.want[id]]++
	}
	t.Logf("%s: %d orders placed, %d accepted: %v", s.name, s.placed, len(s.want), ways)
	t.Logf("%s: answers by status %v, %d connections refused, longest answer %s, longest from a failed attempt to success %s",
		s.name, s.statuses, s.refused, s.longest.Round(time.Millisecond), s.slowest.Round(time.Millisecond))
	for _, wrong := range s.wrong {
		t.Errorf("%s: %s", s.name, wrong)
	}
	if len(s.want) != s.placed {
		t.Errorf("%s: %d different orders were accepted, want %d", s.name, len(s.want), s.placed)
	}
}
