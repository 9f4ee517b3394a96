package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// judgeRights compares what this user may do with what its roles need.
func (d *Doctor) judgeRights(topics []Topic) Finding {
	c := check{"kafka", "topic rights"}
	if slices.ContainsFunc(topics, func(t Topic) bool { return t.MayUnknown }) {
		return c.skip("the cluster does not say what this user may do")
	}
	lacking := map[string][]string{} // topics by operation
	for _, topic := range topics {
		for _, operation := range d.needed(topic.Name) {
			if !slices.Contains(topic.May, operation) {
				lacking[operation] = append(lacking[operation], topic.Name)
			}
		}
	}
	if len(lacking) == 0 {
		return c.ok("this user may do what its roles do")
	}
	var found, mend []string
	for _, operation := range slices.Sorted(maps.Keys(lacking)) {
		found = append(found, fmt.Sprintf("%s on %s", operation, strings.Join(lacking[operation], ", ")))
		mend = append(mend, d.allow(lacking[operation], titled(operation))...)
	}
	return c.fail("this user may not "+strings.Join(found, "; "), "Its roles do just that.", mend...)
}

// needed are the operations that are needed on a topic, in the words of Kafka's
// protocol. Describe comes with each of the others.
func (d *Doctor) needed(topic string) (operations []string) {
	for _, access := range d.o.Access {
		if access.Topic == topic && access.Read {
			operations = append(operations, "READ")
		}
		if access.Topic == topic && access.Write {
			operations = append(operations, "WRITE")
		}
	}
	return operations
}

// allow is the command that gives this user a right on topics.
func (d *Doctor) allow(topics []string, operation string) []string {
	var commands []string
	for _, topic := range topics {
		commands = append(commands, d.acl("--operation "+operation+" --topic "+topic))
	}
	return commands
}

func (d *Doctor) acl(what string) string {
	return fmt.Sprintf("kafka-acls.sh --bootstrap-server %s --add --allow-principal User:NAME %s", d.bootstrap(), what)
}

// titled is an operation as Kafka's tools write it: DESCRIBE is Describe.
func titled(operation string) string { return operation[:1] + strings.ToLower(operation[1:]) }
