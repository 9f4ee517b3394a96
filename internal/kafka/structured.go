package kafka

import (
	"encoding/base64"
	"encoding/json"
	"errors"
)

// decodeStructured reads the JSON event format: attributes and data in one
// object. ce_ headers may repeat the attributes there; the object decides.
func decodeStructured(value []byte, headers readable) (Envelope, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(value, &members); err != nil || members == nil {
		return Envelope{}, errors.New("value is not a JSON object")
	}
	data, err := structuredData(members)
	if err != nil {
		return Envelope{}, err
	}
	attributes := map[string]string{}
	for name, raw := range members {
		if text, ok := attributeText(raw); ok {
			attributes[name] = text
		}
	}
	if !isJSON(attributes["datacontenttype"]) {
		return Envelope{}, errors.New("datacontenttype is not JSON")
	}
	envelope, err := envelopeOf(attributes, headers.traceParent)
	envelope.Fault, envelope.Data = headers.fault, data
	return envelope, err
}

// structuredData takes data, or data_base64, out of members. A JSON string as
// data is a JSON value like any other.
func structuredData(members map[string]json.RawMessage) (json.RawMessage, error) {
	data, plain := members["data"]
	encoded, binary := members["data_base64"]
	delete(members, "data")
	delete(members, "data_base64")
	switch {
	case plain && binary:
		return nil, errors.New("data and data_base64 are both given")
	case plain:
		return data, nil
	case !binary:
		return nil, errors.New("data is missing")
	}
	var text string
	if err := json.Unmarshal(encoded, &text); err != nil {
		return nil, errors.New("data_base64 is not a string")
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !json.Valid(decoded) {
		return nil, errors.New("data_base64 does not hold JSON")
	}
	return decoded, nil
}

// attributeText is an attribute as a header would carry it. Null and nested
// values are not attributes; numbers and booleans keep their JSON text.
func attributeText(raw json.RawMessage) (string, bool) {
	switch raw[0] {
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	case '{', '[', 'n':
		return "", false
	default:
		return string(raw), true
	}
}
