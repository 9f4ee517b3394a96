package remote

import "time"

// Signature is what sign puts into the header, for a known answer.
func Signature(key []byte, id, timestamp string, body []byte) string {
	return signature(key, id, timestamp, body)
}

// SetClock makes p sign with another time.
func (p *Payment) SetClock(now func() time.Time) { p.client.now = now }
