package admission_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/skald-saga/skald/internal/admission"
)

func body(m *admission.Memory, length int) *admission.Body {
	return m.Body(io.NopCloser(strings.NewReader(strings.Repeat("x", length))))
}

func TestLongBodiesShareTheStoreAndShortOnesNeedNone(t *testing.T) {
	t.Parallel()
	m := admission.NewMemory(100, 10)
	first, second := body(m, 80), body(m, 80)
	if _, err := io.ReadAll(first); err != nil || m.Held() != 70 {
		t.Fatalf("%v, held %d, want 70", err, m.Held())
	}
	if _, err := io.ReadAll(second); !errors.Is(err, admission.ErrFull) {
		t.Errorf("more than the store has: %v", err)
	}
	for range 1000 {
		if _, err := io.ReadAll(body(m, 10)); err != nil {
			t.Fatalf("a short body: %v", err)
		}
	}
	first.Release()
	first.Release()
	second.Release()
	if m.Held() != 0 {
		t.Errorf("held %d when all are released", m.Held())
	}
	if _, err := io.ReadAll(body(m, 110)); err != nil {
		t.Errorf("as long as the store: %v", err)
	}
}
