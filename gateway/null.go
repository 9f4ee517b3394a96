package gateway

// null stands for a JSON null where the schema is checked. Huma passes over nil
// in an optional field, although no field of ours can be null.
type null struct{}

// withoutNulls is value with null for nil, at every level. checkTokens bounded
// the levels.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case nil:
		return null{}
	case []any:
		for n, item := range value {
			value[n] = withoutNulls(item)
		}
	case map[string]any:
		for name, field := range value {
			value[name] = withoutNulls(field)
		}
	}
	return value
}
