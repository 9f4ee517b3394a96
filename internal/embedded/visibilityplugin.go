package embedded

import (
	"fmt"
	"maps"
	"net/url"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	persistencesql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
)

// visibilityPluginName is how a server's configuration asks for visibilityPlugin.
const visibilityPluginName = "skald-visibility"

func init() { persistencesql.RegisterPlugin(visibilityPluginName, visibilityPlugin{}) }

// visibilityPlugin is the server's SQLite plugin but for visibilityDB. To the
// server it calls itself "sqlite" still, by which the server chooses how to
// write queries.
type visibilityPlugin struct{}

// CreateDB implements sqlplugin.Plugin.
func (visibilityPlugin) CreateDB(kind sqlplugin.DbKind, cfg *config.SQL, r resolver.ServiceResolver, logger log.Logger, mh metrics.Handler) (sqlplugin.GenericDB, error) {
	inner := *cfg
	inner.PluginName = sqliteplugin.PluginName
	db, err := persistencesql.NewSQLDB(kind, &inner, r, logger, mh)
	if err != nil {
		return nil, err
	}
	both, ok := db.(serverDB)
	if !ok {
		return nil, fmt.Errorf("the server's SQLite database is a %T: want one for both of its uses", db)
	}
	written, err := fileOf(cfg)
	return &visibilityDB{serverDB: both, writer: &visibilityWriter{file: written}}, err
}

// GetVisibilityQueryConverter implements sqlplugin.Plugin. The server asks the
// plugin that a database names, which is its own.
func (visibilityPlugin) GetVisibilityQueryConverter() sqlplugin.VisibilityQueryConverter {
	converter, err := persistencesql.GetPluginVisibilityQueryConverter(sqliteplugin.PluginName)
	if err != nil {
		panic(err) // the plugin is linked above
	}
	return converter
}

// fileOf is the file that the server would open.
func fileOf(cfg *config.SQL) (file, error) {
	path, err := url.PathUnescape(cfg.DatabaseName)
	if err != nil {
		return file{}, fmt.Errorf("visibility file: %w", err)
	}
	pragmas := maps.Clone(cfg.ConnectAttributes)
	delete(pragmas, "mode")
	return file{path: path, pragmas: pragmas}, nil
}
