package soak

import (
	"fmt"
	"html"
	"html/template"
	"strings"
	"time"

	"github.com/skald-saga/skald"
)

// Measures of the picture, in its own units.
const (
	pictureWidth, pictureLeft, pictureRight = 900, 84, 10
	curvesTop, curvesHeight                 = 24, 200
	laneHeight                              = 18
	maxBuckets                              = 300
)

// drawing is a picture of a run: orders a second that were accepted and that
// ended, and below them the faults, each victim in a lane of its own.
type drawing struct {
	text   strings.Builder
	b      Bundle
	end    time.Duration
	bucket time.Duration
	lanes  []string
}

// picture draws a run as SVG, which is colourless: the page has the colours.
func picture(b Bundle) template.HTML {
	d := &drawing{b: b, end: max(b.Run.Quiesced, b.Run.Loaded, time.Second), lanes: append([]string{Link}, b.Plan.Processes...)}
	d.bucket = max(500*time.Millisecond, (d.end / maxBuckets).Round(100*time.Millisecond))
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="orders a second and faults over time">`,
		pictureWidth, curvesTop+curvesHeight+30+laneHeight*len(d.lanes))
	d.curves()
	d.phases()
	d.faults()
	d.printf("</svg>")
	return template.HTML(d.text.String()) //nolint:gosec // G203: every text in it was escaped
}

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(&d.text, format, args...) }

func (d *drawing) x(at time.Duration) float64 {
	return pictureLeft + float64(at)/float64(d.end)*(pictureWidth-pictureLeft-pictureRight)
}

// curves counts accepted and ended orders in buckets of time.
func (d *drawing) curves() {
	accepted, ended := make([]int, d.end/d.bucket+1), make([]int, d.end/d.bucket+1)
	tally := func(buckets []int, at time.Duration) {
		if n := int(at / d.bucket); at >= 0 && n < len(buckets) {
			buckets[n]++
		}
	}
	for _, order := range d.b.Orders {
		for _, event := range order.Timeline {
			if event.Kind == string(skald.KindOrderPlaced) {
				tally(accepted, d.b.since(event.Time))
			}
			if skald.Kind(event.Kind).Final() {
				tally(ended, d.b.since(event.Time))
			}
		}
	}
	highest := 1
	for n := range accepted {
		highest = max(highest, accepted[n], ended[n])
	}
	d.axis(highest)
	d.curve("accepted", accepted, highest, 0)
	d.curve("ended", ended, highest, 1)
}

func (d *drawing) axis(highest int) {
	for _, share := range []float64{0, 0.5, 1} {
		y := curvesTop + curvesHeight*(1-share)
		d.printf(`<line class="axis" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%.0f/s</text>`,
			pictureLeft, pictureWidth-pictureRight, y, y, pictureLeft-6, y+4, share*float64(highest)/d.bucket.Seconds())
	}
}

func (d *drawing) curve(name string, counts []int, highest, place int) {
	points := make([]string, len(counts))
	for n, count := range counts {
		points[n] = fmt.Sprintf("%.1f,%.1f", d.x(time.Duration(n)*d.bucket), curvesTop+curvesHeight*(1-float64(count)/float64(highest)))
	}
	d.printf(`<polyline class="%s" points="%s"/><polyline class="%s" points="%d,10 %d,10"/><text x="%d" y="14">orders %s</text>`,
		name, strings.Join(points, " "), name, pictureLeft+place*150, pictureLeft+20+place*150, pictureLeft+26+place*150, name)
}

// phases are vertical lines where something else begins.
func (d *drawing) phases() {
	for _, phase := range []struct {
		name string
		at   time.Duration
	}{{"faults", d.b.Plan.Phases.WarmUp}, {"healed", d.b.Run.Healed}, {"no more orders", d.b.Run.Loaded}} {
		x := d.x(phase.at)
		d.printf(`<line class="phase" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`,
			x, x, curvesTop, curvesTop+curvesHeight, min(x, pictureWidth-50), curvesTop+curvesHeight+14, phase.name)
	}
}

func (d *drawing) faults() {
	for n, lane := range d.lanes {
		y := curvesTop + curvesHeight + 24 + n*laneHeight
		d.printf(`<text x="%d" y="%d" text-anchor="end">%s</text>`, pictureLeft-6, y+12, html.EscapeString(lane))
		for _, fired := range d.b.Fired {
			if fired.On == lane {
				d.printf(`<rect class="fault" x="%.1f" y="%d" width="%.1f" height="%d"><title>%s, %s to %s</title></rect>`,
					d.x(fired.From), y, max(2, d.x(fired.Until)-d.x(fired.From)), laneHeight-4,
					html.EscapeString(string(fired.Kind)), fired.From.Round(time.Millisecond), fired.Until.Round(time.Millisecond))
			}
		}
	}
}
