package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository's folder.
const root = "../.."

// featurePages are the pages that the README must link: one for each thing that
// somebody may come for.
var featurePages = map[string]string{
	"the HTTP API":        "docs/api.md",
	"cancel":              "docs/api.md#cancel-an-order",
	"incidents":           "docs/api.md#incidents",
	"dead letters":        "docs/api.md#dead-letters",
	"commands":            "docs/cli.md",
	"the audit":           "docs/cli.md#skald-audit",
	"live view":           "docs/cli.md#skald-order-watch",
	"your own providers":  "docs/providers.md",
	"events":              "docs/events.md",
	"AsyncAPI":            "docs/asyncapi.yaml",
	"examples":            "docs/examples",
	"the Temporal UI":     "docs/api.md#the-saga-in-the-temporal-ui",
	"architecture":        "docs/ARCHITECTURE.md",
	"settings":            "docs/config.md",
	"secure connections":  "docs/security.md",
	"operations":          "docs/operations.md",
	"reasons":             "docs/decisions.md",
	"measured numbers":    "docs/performance.md",
	"how to work on this": "CONTRIBUTING.md",
}

func TestTheReadmeLinksAPageForEachFeature(t *testing.T) {
	t.Parallel()
	linked := map[string]bool{}
	for _, link := range linksOf(t, "README.md") {
		linked[strings.TrimSuffix(link, "/")] = true
	}
	for feature, page := range featurePages {
		if !linked[page] {
			t.Errorf("README.md does not link %s for %s", page, feature)
		}
	}
}

func TestEveryLinkInThePagesLeadsSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) < 6 {
		t.Fatalf("found %v, %v", pages, err)
	}
	pages = append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"), filepath.Join(root, "docs", "examples", "README.md"))
	checked := 0
	for _, page := range pages {
		name, err := filepath.Rel(root, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range linksOf(t, name) {
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue // somebody else's, and the test needs no network
			}
			checked++
			checkLink(t, name, link)
		}
	}
	if checked < 40 {
		t.Errorf("only %d links were found", checked)
	}
}

// checkLink wants the file, and the heading that a fragment names.
func checkLink(t *testing.T, page, link string) {
	t.Helper()
	target, fragment, _ := strings.Cut(link, "#")
	path := page
	if target != "" {
		path = filepath.Join(filepath.Dir(page), target)
	}
	if _, err := os.Stat(filepath.Join(root, path)); err != nil {
		t.Errorf("%s links %s, which is not there", page, link)
		return
	}
	if fragment != "" && strings.HasSuffix(path, ".md") && !anchorsOf(t, path)[fragment] {
		t.Errorf("%s links %s, and %s has no such heading", page, link, path)
	}
}

var (
	fences   = regexp.MustCompile("(?ms)^```.*?^```$")
	links    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.*)$`)
	unmarked = regexp.MustCompile("[^a-z0-9 _-]")
)

func linksOf(t *testing.T, page string) []string {
	t.Helper()
	var found []string
	for _, link := range links.FindAllStringSubmatch(fences.ReplaceAllString(read(t, page), ""), -1) {
		found = append(found, link[1])
	}
	return found
}

// anchorsOf are a page's headings as GitHub names them.
func anchorsOf(t *testing.T, page string) map[string]bool {
	t.Helper()
	anchors := map[string]bool{}
	for _, heading := range headings.FindAllStringSubmatch(fences.ReplaceAllString(read(t, page), ""), -1) {
		name := unmarked.ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors[strings.ReplaceAll(name, " ", "-")] = true
	}
	return anchors
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
