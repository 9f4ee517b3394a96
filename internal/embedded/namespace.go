package embedded

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	persistencespb "go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/serialization"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/common/searchattribute/sadefs"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const clusterName = "active"

// namespace is what Start promises about the one namespace of the engine.
type namespace struct {
	name       string
	retention  time.Duration
	attributes map[string]enumspb.IndexedValueType
}

// ensure writes the namespace into the main file and returns the visibility
// columns of its indexable search attributes. It runs before the server does:
// the operator API would do the same, but a running server answers from a
// cache that learns of a new attribute only seconds later, and refuses
// workflows that use it until then.
func (n namespace) ensure(ctx context.Context, f file) ([]string, error) {
	db, err := sql.NewSQLDB(sqlplugin.DbKindMain, f.config(sqliteplugin.PluginName), resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", f.path, err)
	}
	defer func() { _ = db.Close() }()

	row, detail, err := n.load(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", n.name, err)
	}
	detail.Config.Retention = durationpb.New(n.retention)
	if err := n.assignColumns(detail.Config); err != nil {
		return nil, err
	}
	if err := save(ctx, db, row, detail); err != nil {
		return nil, fmt.Errorf("namespace %s: %w", n.name, err)
	}
	return indexable(detail.Config.CustomSearchAttributeAliases), nil
}

// load returns a nil row for a namespace that does not exist yet.
func (n namespace) load(ctx context.Context, db sqlplugin.DB) (*sqlplugin.NamespaceRow, *persistencespb.NamespaceDetail, error) {
	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &n.name})
	if errors.Is(err, stdsql.ErrNoRows) {
		fresh, err := sqlite.NewNamespaceConfig(clusterName, n.name, false, nil)
		if err != nil {
			return nil, nil, err
		}
		return nil, fresh.Detail, nil
	}
	if err != nil {
		return nil, nil, err
	}
	blob := persistence.NewDataBlob(rows[0].Data, rows[0].DataEncoding)
	detail, err := serialization.NewSerializer().NamespaceDetailFromBlob(blob)
	return &rows[0], detail, err
}

// assignColumns gives every attribute that has none the first free column of
// its type, in the order of the names, so that every new folder looks the same.
func (n namespace) assignColumns(config *persistencespb.NamespaceConfig) error {
	if config.CustomSearchAttributeAliases == nil {
		config.CustomSearchAttributeAliases = map[string]string{}
	}
	aliases := config.CustomSearchAttributeAliases
	columns := sadefs.GetDBIndexSearchAttributes(nil).GetCustomSearchAttributes()
	for _, name := range slices.Sorted(maps.Keys(n.attributes)) {
		want := n.attributes[name]
		if column, ok := columnOf(aliases, name); ok {
			if columns[column] != want {
				return fmt.Errorf("search attribute %s is %s in this data folder, not %s", name, columns[column], want)
			}
			continue
		}
		column, ok := freeColumn(columns, aliases, want)
		if !ok {
			return fmt.Errorf("search attribute %s: all columns of type %s are taken", name, want)
		}
		aliases[column] = name
	}
	return nil
}

func columnOf(aliases map[string]string, name string) (string, bool) {
	for column, alias := range aliases {
		if alias == name {
			return column, true
		}
	}
	return "", false
}

func freeColumn(columns map[string]enumspb.IndexedValueType, aliases map[string]string, want enumspb.IndexedValueType) (string, bool) {
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		if _, taken := aliases[column]; !taken && columns[column] == want {
			return column, true
		}
	}
	return "", false
}

func save(ctx context.Context, db sqlplugin.DB, row *sqlplugin.NamespaceRow, detail *persistencespb.NamespaceDetail) error {
	blob, err := serialization.NewSerializer().NamespaceDetailToBlob(detail)
	if err != nil {
		return err
	}
	if row != nil {
		row.Data, row.DataEncoding = blob.GetData(), blob.GetEncodingType().String()
		_, err = db.UpdateNamespace(ctx, row)
		return err
	}
	_, err = db.InsertIntoNamespace(ctx, &sqlplugin.NamespaceRow{
		ID:           primitives.MustParseUUID(detail.GetInfo().GetId()),
		Name:         detail.GetInfo().GetName(),
		Data:         blob.GetData(),
		DataEncoding: blob.GetEncodingType().String(),
	})
	return err
}

// indexable leaves out the types that the full-text tables serve.
func indexable(aliases map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(aliases)), func(column string) bool {
		return strings.HasPrefix(column, "Text") || strings.HasPrefix(column, "KeywordList")
	})
}
