package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9000", "address to listen on")
	flag.Parse()
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("SKALD_PROVIDER_SECRET"), "whsec_"))
	if err != nil || len(secret) < 24 {
		log.Fatal("SKALD_PROVIDER_SECRET must be whsec_ and the base64 of at least 24 bytes")
	}
	listener, err := net.Listen("tcp", *listen) //nolint:noctx // it listens for as long as the program lives
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: routes(secret), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

func routes(secret []byte) http.Handler {
	l, mux := &ledger{entries: map[string]entry{}}, http.NewServeMux()
	mux.Handle("POST /charges", signed(secret, "charge", l.charge))
	mux.Handle("POST /charges/{key}/refund", signed(secret, "refund", l.refund))
	mux.Handle("POST /charges/{key}/void", signed(secret, "voidCharge", l.void))
	mux.Handle("GET /charges/{key}", signed(secret, "lookupCharge", l.lookup))
	return mux
}

type operation func(key string, body []byte) (status int, answer entry)

// signed answers what skald signed with what run says, and anything else with 401.
func signed(secret []byte, name string, run operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.PathValue("key")
		if key == "" { // a charge has it in its header, as every POST does
			key = r.Header.Get("Idempotency-Key")
		}
		status, answer := 401, entry{Code: "bad_signature", Message: "the signature does not fit the request"}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err == nil && verify(secret, name, key, body, r.Header) {
			status, answer = run(key, body)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			log.Printf("answer to %s: %v", name, err)
		}
	}
}

// verify reports whether skald signed this within the last 5 minutes. The ID is
// not read from the header: it must be that of this operation with this key.
func verify(secret []byte, name, key string, body []byte, header http.Header) bool {
	at, err := strconv.ParseInt(header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(fmt.Appendf(nil, "%s_%x.%d.%s", name, sha256.Sum256([]byte(key)), at, body))
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for got := range strings.FieldsSeq(header.Get("Webhook-Signature")) { // two while the secret is replaced
		if hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}
