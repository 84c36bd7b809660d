package slacktest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// maxCharts is how many a message may have; Slack says it when it refuses more.
const maxCharts = 2

// chart is what a data_visualization draws (Slack's page "Data visualization block"). Only bars are modelled.
func chart(c *checker, path string, v any) {
	if kind := asString(asObject(v)["type"]); kind != "bar" {
		unmodelled(c, path+"/type", kind)
		return
	}
	c.object(path, v, shape{"type": must(oneOf("bar")), "series": must(list(1, 6, series)), "axis_config": must(axes)})
	m := asObject(v)
	categories := map[string]bool{}
	for _, name := range asList(asObject(m["axis_config"])["categories"]) {
		categories[asString(name)] = true
	}
	names := map[string]bool{}
	for i, s := range objects(m["series"]) {
		at := fmt.Sprintf("%s/series/%d", path, i)
		if name := asString(s["name"]); names[name] {
			c.add(at+"/name", "must be unique")
		} else {
			names[name] = true
		}
		seen := map[string]bool{}
		for _, p := range objects(s["data"]) {
			label := asString(p["label"])
			if seen[label] = true; !categories[label] {
				c.add(at+"/data", "%q is no category", label)
			}
		}
		if len(seen) != len(categories) || len(seen) != len(objects(s["data"])) {
			c.add(at+"/data", "must have exactly one point for each category")
		}
	}
}

func axes(c *checker, path string, v any) {
	c.object(path, v, shape{"categories": must(list(1, 20, text(1, 20))), "x_label": may(text(1, 50)), "y_label": may(text(1, 50))})
}

func series(c *checker, path string, v any) {
	c.object(path, v, shape{"name": must(text(1, 20)), "data": must(list(1, 20, point))})
}

func point(c *checker, path string, v any) {
	c.object(path, v, shape{"label": must(text(1, 20)), "value": must(func(c *checker, path string, v any) {
		if _, ok := v.(json.Number); !ok {
			c.add(path, "must be a number")
		}
	})})
}

// plainChart is a chart as it is read out.
func plainChart(b object) string {
	lines := []string{"(chart: " + asString(b["title"]) + ")"}
	for _, s := range objects(asObject(b["chart"])["series"]) {
		for _, p := range objects(s["data"]) {
			lines = append(lines, fmt.Sprintf("  %s: %v", asString(p["label"]), p["value"]))
		}
	}
	return strings.Join(lines, "\n")
}
