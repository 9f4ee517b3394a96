package workers

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/skald-saga/skald"
)

// Operator is what EnsureSearchAttributes needs of Temporal; a client.Client is
// one.
type Operator interface {
	OperatorService() operatorservice.OperatorServiceClient
}

// EnsureSearchAttributes makes sure that namespace knows the attributes that
// sagas set. It is safe to run on every start and from several processes at
// once. It errors when one exists with another type. Frontends learn of new
// attributes with a delay of seconds; starts that come too early wait for it.
func EnsureSearchAttributes(ctx context.Context, o Operator, namespace string) error {
	service := o.OperatorService()
	listed, err := service.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes of %s: %w", namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range skald.SearchAttributes() {
		switch kind, exists := listed.GetCustomAttributes()[name]; {
		case !exists:
			missing[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		case kind != enumspb.INDEXED_VALUE_TYPE_KEYWORD:
			return fmt.Errorf("search attribute %s of %s is a %s, want a Keyword", name, namespace, kind)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = service.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil && !isA[*serviceerror.AlreadyExists](err) {
		return fmt.Errorf("add search attributes to %s: %w", namespace, err)
	}
	return nil
}
