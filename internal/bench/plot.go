package bench

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
	"time"
)

// Measures of the plot in pixels, and the percentiles on its axis: one more
// nine is as far again, as the tail is where latency hurts.
const (
	plotWidth, plotHeight = 840, 420
	plotLeft, plotBottom  = 70, 60
	plotTop, plotRight    = 56, 20
)

var plotPercents = []float64{0, 50, 90, 99, 99.9, 99.99}

// Plot writes the latencies by percentile as SVG, on logarithmic axes.
func (r Report) Plot(out io.Writer, title string) error {
	p := plot{top: nines(plotPercents[len(plotPercents)-1])}
	p.low, p.high = decades(r.acceptance, r.final)
	p.frame(title)
	p.axes()
	p.curve("acceptance", "#1a7f4b", 0, r.acceptance)
	p.curve("order to final event", "#2563a8", 1, r.final)
	p.text.WriteString("</svg>\n")
	_, err := io.WriteString(out, p.text.String())
	return err
}

// plot is an SVG under way. The axes run from decade low to decade high, and
// from no nine to top nines.
type plot struct {
	text           strings.Builder
	low, high, top float64
}

func (p *plot) printf(format string, args ...any) { fmt.Fprintf(&p.text, format, args...) }

func (p *plot) frame(title string) {
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="title">`+"\n",
		plotWidth, plotHeight, plotWidth, plotHeight)
	p.printf("<title id=\"title\">%s</title>\n", html.EscapeString(title))
	p.printf("<style>text{font:12px ui-sans-serif,system-ui,sans-serif;fill:#57606a}.head{font-size:15px;font-weight:600;fill:#24292f}line{stroke:#d0d7de}</style>\n")
	p.printf(`<rect x="0.5" y="0.5" width="%d" height="%d" rx="10" fill="#fcfcfa" stroke="#d0d7de"/>`+"\n", plotWidth-1, plotHeight-1)
	p.printf(`<text class="head" x="16" y="26">%s</text>`+"\n", html.EscapeString(title))
}

func (p *plot) axes() {
	for decade := p.low; decade <= p.high; decade++ {
		y := p.y(math.Pow(10, decade))
		p.printf(`<line x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			plotLeft, y, plotWidth-plotRight, y, plotLeft-8, y+4, scale(decade))
	}
	for _, percent := range plotPercents {
		x := p.x(percent)
		p.printf(`<line x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">p%v</text>`+"\n",
			x, plotTop, x, plotHeight-plotBottom, x, plotHeight-plotBottom+18, percent)
	}
}

// scale writes a power of ten of milliseconds.
func scale(decade float64) string {
	return time.Duration(math.Pow(10, decade) * float64(time.Millisecond)).String()
}

func (p *plot) curve(name, colour string, n int, sorted []time.Duration) {
	p.printf(`<rect x="%d" y="%d" width="12" height="12" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
		plotLeft+n*180, plotHeight-26, colour, plotLeft+18+n*180, plotHeight-16, name)
	if len(sorted) == 0 {
		return
	}
	points := make([]string, 0, 200)
	for step := range 200 {
		percent := 100 * (1 - math.Pow(10, -p.top*float64(step)/199))
		points = append(points, fmt.Sprintf("%.1f,%.1f", p.x(percent), p.y(milliseconds(rank(sorted, percent)))))
	}
	p.printf(`<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`+"\n", colour, strings.Join(points, " "))
}

func (p *plot) x(percent float64) float64 {
	return plotLeft + nines(percent)/p.top*(plotWidth-plotLeft-plotRight)
}

func (p *plot) y(millis float64) float64 {
	share := (math.Log10(max(millis, math.Pow(10, p.low))) - p.low) / (p.high - p.low)
	return plotHeight - plotBottom - share*(plotHeight-plotBottom-plotTop)
}

// nines is how many nines a percentile has: 1 for 90, 2 for 99.
func nines(percent float64) float64 { return -math.Log10(1 - percent/100) }

// decades are the powers of ten, of milliseconds, that enclose all latencies.
func decades(sorted ...[]time.Duration) (low, high float64) {
	low, high = 0, 1
	for _, some := range sorted {
		if len(some) > 0 {
			low = min(low, math.Floor(math.Log10(max(milliseconds(some[0]), 0.01))))
			high = max(high, math.Ceil(math.Log10(max(milliseconds(some[len(some)-1]), 1))))
		}
	}
	return low, high
}
