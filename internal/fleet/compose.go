package fleet

import (
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// image is the name of skald's image, without its tag.
const image = "skald"

// composeFile is what the fleet reads of the file.
type composeFile struct {
	Services map[string]composeService `yaml:"services"`
}

// Read reads the services of skald from a compose file, by name: anchors, merge
// keys and ${VARIABLES} resolved. Of the Compose Specification it understands
// what docker-compose.yml uses, and errors for what it would have to guess.
func Read(path string, variables map[string]string) (map[string]Service, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller's choice
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := substitute(&document, variables); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var file composeFile
	if err := document.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	services, err := file.skalds()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return services, nil
}

func (f composeFile) skalds() (map[string]Service, error) {
	services := map[string]Service{}
	for name, described := range f.Services {
		if !described.isSkald() {
			continue
		}
		service, err := described.service(name)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", name, err)
		}
		for other := range f.Services {
			service.neighbours = append(service.neighbours, other)
		}
		services[name] = service
	}
	if len(services) == 0 {
		return nil, fmt.Errorf("there is no service with the image %s", image)
	}
	f.markEnds(services)
	return services, nil
}

// markEnds notes for every service of skald's after which others of skald's it
// starts, and whether it ends: others wait for its completion.
func (f composeFile) markEnds(services map[string]Service) {
	for name := range services {
		service := services[name]
		for other, wanted := range f.Services[name].DependsOn {
			target, ours := services[other]
			if !ours {
				continue // whoever starts the fleet has started it
			}
			service.After = append(service.After, other)
			target.Ends = target.Ends || wanted.Condition == "service_completed_successfully"
			services[other] = target
		}
		// Only After: the service may have been marked by one before it.
		kept := services[name]
		kept.After = service.After
		services[name] = kept
	}
}
