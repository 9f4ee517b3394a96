package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleTable = `# A table.

[Tea]
# Hot.
tea      holds  -     -  12
tea-cold broken Warm  3  -  Kettle=FALSE check=Warm
`

func sampleRows() []row {
	return []row{
		{module: "Tea", name: "tea", want: finding{result: holds, property: none, states: 12}},
		{
			module: "Tea", name: "tea-cold", want: finding{result: broken, property: "Warm", trace: 3},
			settings: []string{"Kettle=FALSE", "check=Warm"},
		},
	}
}

var compareRows = cmp.AllowUnexported(row{}, finding{})

func TestTheTableNamesConfigurationsAndWhatTheyMustFind(t *testing.T) {
	t.Parallel()
	rows, err := parseTable(sampleTable)
	if err != nil {
		t.Fatal(err)
	}
	want := sampleRows()
	want[0].settings = []string{}
	if diff := cmp.Diff(want, rows, compareRows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestALineThatIsNoConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[Tea]\ntea holds -":                                "line 2: ",
		"[Tea]\ntea holds - - twelve":                       "line 2: ",
		"[Tea]\ntea burns - - 12":                           "want holds with -, or broken with a property",
		"[Tea]\ntea holds Warm - 12":                        "want holds with -, or broken with a property",
		"tea holds - - 12":                                  "line 1: tea has no module",
		"[Tea]\ntea holds - - 12\n\n[Cup]\ntea holds - - 1": "line 5: tea has no module, or its name is used twice",
	} {
		if _, err := parseTable(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestAnUpdateChangesFindingsAndNothingElse(t *testing.T) {
	t.Parallel()
	got := rewrite(sampleTable, map[string]finding{"tea-cold": {result: holds, property: none, states: 7}})
	before, after, _ := strings.Cut(sampleTable, "tea-cold")
	_, after, _ = strings.Cut(after, "\n")
	if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
		t.Errorf("other lines changed:\n%s", got)
	}
	rows, err := parseTable(got)
	if err != nil {
		t.Fatal(err)
	}
	want := row{module: "Tea", name: "tea-cold", want: finding{result: holds, property: none, states: 7}, settings: sampleRows()[1].settings}
	if diff := cmp.Diff(want, rows[1], compareRows); diff != "" {
		t.Errorf("the row (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotAsExpectedFails(t *testing.T) {
	t.Parallel()
	rows := sampleRows()
	asExpected := []outcome{{row: rows[0], found: rows[0].want}, {row: rows[1], found: rows[1].want}}
	for name, test := range map[string]struct {
		change func(*outcome)
		want   string
	}{
		"as expected":       {func(*outcome) {}, ""},
		"a rule not missed": {func(o *outcome) { o.found = finding{result: holds, property: none, states: 5} }, "does not say what the table says"},
		"another trace":     {func(o *outcome) { o.found.trace++ }, "does not say what the table says"},
		"no verdict":        {func(o *outcome) { o.err = os.ErrNotExist }, "not every configuration has a verdict"},
	} {
		all := append([]outcome{}, asExpected...)
		test.change(&all[1])
		err := report(options{}, rows, all)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestOnlyAFullRunTakesTheLargeConfigurations(t *testing.T) {
	t.Parallel()
	rows := sampleRows()
	rows[0].settings = []string{settingFull}
	for _, test := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"tea-cold"}},
		{[]string{"-full"}, []string{"tea", "tea-cold"}},
		{[]string{"-full", "-only", "^tea$"}, []string{"tea"}},
	} {
		o, err := parse(test.args)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range o.choose(rows) {
			got = append(got, r.name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.args, diff)
		}
	}
}

func TestAJarOfOtherContentIsRefused(t *testing.T) {
	t.Parallel()
	jar := filepath.Join(t.TempDir(), jarName)
	if err := os.WriteFile(jar, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := verify(jar); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("verify: %v", err)
	}
}
