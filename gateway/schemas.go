package gateway

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

// addSchemas serves the JSON Schemas of events. Only files that end in .json
// are there to be seen.
func (g *Gateway) addSchemas() {
	if g.options.Schemas == nil {
		return
	}
	g.engine.GET(pathSchemas+"/*name", func(c *gin.Context) {
		name := strings.TrimPrefix(c.Param("name"), "/")
		if !fs.ValidPath(name) || path.Ext(name) != ".json" {
			write(c, noSchema())
			return
		}
		schema, err := fs.ReadFile(g.options.Schemas, name)
		if err != nil { // the files are part of the program: it is not there
			write(c, noSchema())
			return
		}
		c.Header("Cache-Control", "public, max-age=3600")
		c.Data(http.StatusOK, "application/schema+json", schema)
	})
}

func noSchema() *Problem {
	return problem(CodeNotFound, "There is no schema with this name. The event reference lists every kind.")
}
