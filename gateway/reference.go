package gateway

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// reference is the description of the API in the order in which people read it.
type reference struct {
	Version     string
	Description string
	Groups      []referenceGroup
	Schemas     []referenceSchema
}

type referenceGroup struct {
	Name       string
	Operations []referenceOperation
}

type referenceOperation struct {
	ID, Method, Class, Path string
	Summary, Description    string
	Parameters              []referenceField
	Body                    *referenceType // nil for none
	Answers                 []referenceAnswer
	Curl                    string
}

type referenceAnswer struct {
	Status, Description string
	Contents            []referenceContent
}

type referenceContent struct {
	Media string
	Type  referenceType
}

type referenceSchema struct {
	Name   string
	Fields []referenceField
}

type referenceField struct {
	Name        string
	Type        referenceType
	Required    bool
	Description string
	Rules       []string
}

// referenceType is the name of a type: words, then the schema it links to.
type referenceType struct{ Before, Link string }

func newReference(api *huma.OpenAPI) reference {
	made := reference{Version: api.Info.Version, Description: api.Info.Description}
	schemas := api.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		made.Schemas = append(made.Schemas, referenceSchema{Name: name, Fields: fieldsOf(schemas[name])})
	}
	groups := map[string][]referenceOperation{}
	var order []string
	for _, path := range slices.SortedFunc(maps.Keys(api.Paths), comparePaths) {
		for _, operation := range []*huma.Operation{api.Paths[path].Post, api.Paths[path].Get, api.Paths[path].Delete} { // the API has no other methods
			if operation == nil {
				continue
			}
			group := operation.Tags[0]
			if groups[group] == nil {
				order = append(order, group)
			}
			groups[group] = append(groups[group], tellOperation(operation, schemas))
		}
	}
	for _, name := range order {
		made.Groups = append(made.Groups, referenceGroup{Name: name, Operations: groups[name]})
	}
	return made
}

// comparePaths puts orders first, which is what people come for, and what is
// not under a version last.
func comparePaths(a, b string) int {
	rank := func(path string) int {
		switch {
		case strings.HasPrefix(path, pathOrders):
			return 0
		case strings.HasPrefix(path, "/v1/"):
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func tellOperation(operation *huma.Operation, schemas map[string]*huma.Schema) referenceOperation {
	told := referenceOperation{
		ID: operation.OperationID, Method: operation.Method, Class: strings.ToLower(operation.Method), Path: operation.Path,
		Summary: operation.Summary, Description: operation.Description, Curl: curlOf(operation, schemas),
	}
	for _, parameter := range operation.Parameters {
		field := fieldOf(parameter.Name, parameter.Schema, parameter.Required)
		field.Type.Before = parameter.In + ", " + field.Type.Before
		field.Description = cmp.Or(parameter.Description, field.Description)
		told.Parameters = append(told.Parameters, field)
	}
	if operation.RequestBody != nil {
		body := typeOf(operation.RequestBody.Content["application/json"].Schema)
		if !operation.RequestBody.Required {
			body.Before = "optional " + body.Before
		}
		told.Body = &body
	}
	for _, status := range slices.Sorted(maps.Keys(operation.Responses)) {
		told.Answers = append(told.Answers, tellAnswer(status, operation.Responses[status]))
	}
	return told
}

func tellAnswer(status string, response *huma.Response) referenceAnswer {
	told := referenceAnswer{Status: status, Description: response.Description}
	for _, media := range slices.Sorted(maps.Keys(response.Content)) {
		told.Contents = append(told.Contents, referenceContent{Media: media, Type: typeOf(response.Content[media].Schema)})
	}
	return told
}
