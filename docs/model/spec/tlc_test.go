package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheVerdictIsReadFromWhatTLCSays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		output string
		want   finding
	}{
		"all hold": {
			"Model checking completed. No error has been found.\n" +
				"Progress(9): 70 states generated, 50 distinct states found, 3 states left on queue.\n" +
				"553381 states generated, 56080 distinct states found, 0 states left on queue.\n",
			finding{result: holds, property: none, states: 56080},
		},
		"an invariant is broken": {
			"Error: Invariant Undone is violated.\nError: The behavior up to this point is:\nState 1: <Initial predicate>\n/\\ x = 0\n\nState 2: <Go>\n",
			finding{result: broken, property: "Undone", trace: 2},
		},
		"a step is not allowed": {
			"Error: Action property FinalStays is violated.\nState 1: <Initial predicate>\n",
			finding{result: broken, property: "FinalStays", trace: 1},
		},
		"something never happens": {
			"Error: Temporal properties were violated.\nState 1: <Initial predicate>\nState 2: Stuttering\n",
			finding{result: broken, property: temporal, trace: 2},
		},
	} {
		got, err := read(test.output)
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, test.want)
		}
	}
}

func TestWhatIsNoVerdictIsAnErrorThatQuotesTLC(t *testing.T) {
	t.Parallel()
	for _, output := range []string{
		"Error: Parsing or semantic analysis failed.",
		"java.lang.OutOfMemoryError: Java heap space",
		"12 states generated, 5 distinct states found, 2 states left on queue.",
		"",
	} {
		if got, err := read(output); err == nil || !strings.Contains(err.Error(), output) {
			t.Errorf("%q: %+v, %v", output, got, err)
		}
	}
}

const (
	sampleModule = "---- MODULE Tea ----\nWarm == heat > 0\nStays == [][heat' >= heat]_heat\nGetsWarm ==\n  <>(heat > 0)\nCold == heat = 0\n====\n"
	sampleConfig = "SPECIFICATION Spec\nCONSTANTS\n  Kettle = TRUE\n  Cups <- Two\nINVARIANTS Warm Cold\nPROPERTIES Stays\nCHECK_DEADLOCK FALSE\n"
)

func TestSettingsChangeSingleLines(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"":                        sampleConfig,
		"full":                    sampleConfig,
		"Kettle=FALSE Cups=Three": strings.NewReplacer("Kettle = TRUE", "Kettle = FALSE", "<- Two", "<- Three").Replace(sampleConfig),
		"skip=Cold,Stays":         strings.NewReplacer("Warm Cold", "Warm ", "PROPERTIES Stays\n", "").Replace(sampleConfig),
		"live check=GetsWarm,Cold symmetry": "SPECIFICATION LiveSpec\nCONSTANTS\n  Kettle = TRUE\n  Cups <- Two\nCHECK_DEADLOCK FALSE\n" +
			"PROPERTIES GetsWarm\nINVARIANTS Cold\nSYMMETRY Symmetry\n",
	} {
		got, err := config(sampleModel(t), row{module: "Tea", name: "tea", settings: strings.Fields(settings)})
		if err != nil || got != want {
			t.Errorf("%q: %v\n%s\nwant\n%s", settings, err, got, want)
		}
	}
}

func TestASettingOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"Pot=TRUE":   "no such constant",
		"Kettle":     "no such constant",
		"check=Tea":  "the module has no Tea",
		"skip=Stew":  "does not check Stew",
		"skip=Stay":  "does not check Stay",
		"Cup=Others": "no such constant",
	} {
		_, err := config(sampleModel(t), row{module: "Tea", name: "tea", settings: strings.Fields(settings)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", settings, err, want)
		}
	}
}

func sampleModel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"Tea.tla": sampleModule, "Tea.cfg": sampleConfig} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
