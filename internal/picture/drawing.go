package picture

import (
	"bytes"
	"fmt"
	"html"
)

// Measures in pixels. The whole is as wide as a README shows without scaling
// its text away.
const (
	width         = 840
	gutter        = 46 // left, for the sequence
	laneWidth     = 178
	headHeight    = 78
	rowHeight     = 62
	boxWidth      = 172
	boxHeight     = 42
	footHeight    = 40
	maxTitleRunes = 24 // what fits into a box, at the size of each text
	maxWordsRunes = 29
)

// The drawing carries its own light background: an image in a README cannot
// know whether the page around it is dark.
const style = `text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#24292f}
.head{font-size:15px;font-weight:600}.lane{font-size:12px;font-weight:600;fill:#57606a;text-anchor:middle}
.seq{font-size:12px;fill:#57606a;text-anchor:middle}.time{font-size:11px;fill:#57606a}
.title{font-size:11px;font-weight:600;text-anchor:middle}.words{font-size:10px;text-anchor:middle}.key{font-size:11px;fill:#57606a}
.do rect{fill:#e7f0fb;stroke:#2563a8}.undo rect{fill:#fdefe0;stroke:#b4540a}.good rect{fill:#e4f5ea;stroke:#1a7f4b}
.bad rect{fill:#fbe8ea;stroke:#9b2335}.refused rect{fill:#fff;stroke:#9b2335;stroke-dasharray:4 3}
.undo .title{fill:#7a3806}.bad .title,.refused .title{fill:#7d1a2a}.good .title{fill:#14603a}.do .title{fill:#1b4a7d}
path{fill:none;stroke-width:1.6}.go{stroke:#2563a8}.back{stroke:#b4540a}`

// drawing writes rows as SVG.
type drawing struct {
	out  *bytes.Buffer
	rows []row
}

func (d *drawing) open(title, description string) {
	height := d.height()
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc">`+"\n",
		width, height, width, height)
	d.printf("<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", html.EscapeString(title), html.EscapeString(description))
	d.printf("<style>%s</style>\n", style)
	d.printf("<defs>%s%s</defs>\n", marker("go", "#2563a8"), marker("back", "#b4540a"))
	d.printf(`<rect x="0.5" y="0.5" width="%d" height="%d" rx="10" fill="#fcfcfa" stroke="#d0d7de"/>`+"\n", width-1, height-1)
	d.printf(`<text class="head" x="16" y="28">%s</text>`+"\n", html.EscapeString(title))
	for n, name := range laneNames {
		x := gutter + n*laneWidth
		if n%2 == 0 {
			d.printf(`<rect x="%d" y="44" width="%d" height="%d" fill="#f1f3f5"/>`+"\n", x, laneWidth, height-44-footHeight)
		}
		d.printf(`<text class="lane" x="%d" y="62">%s</text>`+"\n", x+laneWidth/2, name)
	}
}

func marker(name, colour string) string {
	return fmt.Sprintf(`<marker id="%s" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">`+
		`<path d="M0 0L8 4L0 8z" style="fill:%s;stroke:none"/></marker>`, name, colour)
}

// arrows lead from each event to the next. They turn once an undo begins.
func (d *drawing) arrows() {
	class := "go"
	for n, row := range d.rows {
		if row.refused != nil {
			d.across(n, row.refused.lane, row.event.lane)
		}
		to := row.event.lane
		if row.refused != nil { // the way there was still forward
			to = row.refused.lane
		} else if row.event.tone == toneUndo {
			class = "back"
		}
		if n > 0 {
			d.down(n, d.rows[n-1].event.lane, to, class)
		}
		if row.event.tone == toneUndo {
			class = "back"
		}
	}
}

// down leads from the box in the row above to one in row n, around the corner.
func (d *drawing) down(n int, from, to lane, class string) {
	y := rowTop(n)
	d.printf(`<path class="%s" marker-end="url(#%s)" d="M%d %dV%dH%dV%d"/>`+"\n",
		class, class, middle(from), y-rowHeight+boxHeight, y-(rowHeight-boxHeight)/2, middle(to), y)
}

// across leads from a refused do to the event that it caused, in the same row.
func (d *drawing) across(n int, from, to lane) {
	d.printf(`<path class="back" marker-end="url(#back)" d="M%d %dH%d"/>`+"\n",
		middle(from)-boxWidth/2, rowTop(n)+boxHeight/2, middle(to)+boxWidth/2)
}

func (d *drawing) boxes() {
	for n, row := range d.rows {
		y := rowTop(n) + boxHeight/2 + 4
		d.printf(`<text class="seq" x="%d" y="%d">%d</text>`+"\n", gutter/2, y, row.sequence)
		d.printf(`<text class="time" x="%d" y="%d">+%s</text>`+"\n", gutter+int(lanes)*laneWidth+10, y, row.passed)
		if row.refused != nil {
			d.box(n, *row.refused)
		}
		d.box(n, row.event)
	}
}

func (d *drawing) box(n int, b box) {
	x, y := middle(b.lane), rowTop(n)
	titleY := y + 18
	if b.words == "" {
		titleY = y + 25
	}
	d.printf(`<g class="%s"><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6"/>`,
		b.tone, html.EscapeString(join(": ", b.title, b.words)), x-boxWidth/2, y, boxWidth, boxHeight)
	d.printf(`<text class="title" x="%d" y="%d">%s</text>`, x, titleY, html.EscapeString(shorten(sign(b.tone)+b.title, maxTitleRunes)))
	if b.words != "" {
		d.printf(`<text class="words" x="%d" y="%d">%s</text>`, x, y+33, html.EscapeString(shorten(b.words, maxWordsRunes)))
	}
	d.printf("</g>\n")
}

// sign repeats in a character what the colour says, for those who do not see
// the difference.
func sign(t tone) string {
	switch t {
	case toneUndo:
		return "↩ "
	case toneGood:
		return "✓ "
	case toneBad, toneRefused:
		return "✗ "
	case toneDo:
	}
	return ""
}

func (d *drawing) close() {
	y := d.height() - 15
	d.printf(`<path class="go" marker-end="url(#go)" d="M16 %dH44"/><text class="key" x="50" y="%d">forward</text>`+"\n", y-4, y)
	d.printf(`<path class="back" marker-end="url(#back)" d="M140 %dH112"/><text class="key" x="146" y="%d">undo, last step first</text>`+"\n", y-4, y)
	d.printf(`<text class="key" x="280" y="%d">every box is an event on Kafka; a dashed one is the step that was not done</text>`+"\n</svg>\n", y)
}

func (d *drawing) height() int { return headHeight + len(d.rows)*rowHeight + footHeight }

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(d.out, format, args...) }

func rowTop(n int) int { return headHeight + n*rowHeight }

func middle(l lane) int { return gutter + int(l)*laneWidth + laneWidth/2 }

func shorten(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}
