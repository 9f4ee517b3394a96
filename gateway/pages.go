package gateway

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

//go:embed page
var pageFiles embed.FS

var pageTemplates = template.Must(template.ParseFS(pageFiles, "page/*.html"))

// pagePolicy lets a page load its style sheet and nothing else. The pages have
// no scripts, so none can be slipped in.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// addPages serves what people read: the reference of the API, made from its
// description, and a page for each kind of problem. All are rendered once.
func (g *Gateway) addPages(api huma.API) error {
	style, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		return fmt.Errorf("style sheet: %w", err)
	}
	g.engine.GET(pathDocs+"/style.css", func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "text/css; charset=utf-8", style)
	})
	if err := g.addPage(pathDocs, "reference.html", newReference(api.OpenAPI())); err != nil {
		return err
	}
	problems := problemPages()
	for _, problem := range problems {
		if err := g.addPage(pathProblems+"/"+string(problem.Code), "problem.html", problem); err != nil {
			return err
		}
	}
	return g.addPage(pathProblems, "problems.html", problems)
}

func (g *Gateway) addPage(path, name string, data any) error {
	var page bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&page, name, data); err != nil {
		return fmt.Errorf("render %s: %w", path, err)
	}
	g.engine.GET(path, func(c *gin.Context) {
		c.Header("Content-Security-Policy", pagePolicy)
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	})
	return nil
}

// problemPage is what the page of a problem says.
type problemPage struct {
	Code            ProblemCode
	Status          int
	Title           string
	Meaning, Advice string
}

// problemPages are by status and code.
func problemPages() []problemPage {
	var pages []problemPage
	for _, code := range ProblemCodes() {
		kind := kinds[code]
		pages = append(pages, problemPage{code, kind.status, kind.title, kind.meaning, kind.advice})
	}
	slices.SortStableFunc(pages, func(a, b problemPage) int { return cmp.Compare(a.Status, b.Status) })
	return pages
}
