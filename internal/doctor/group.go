package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/skald-saga/skald"
)

// askGroups is about who reads as a group, which relays do not.
func (d *Doctor) askGroups(ctx context.Context, k Kafka) ([]Finding, error) {
	rights := check{"kafka", "group rights"}
	if len(d.o.Groups) == 0 {
		return []Finding{rights.skip("its roles read as no group")}, nil
	}
	var refused, mend []string
	var findings []Finding
	for _, name := range d.o.Groups {
		group, err := k.Group(ctx, name)
		if err != nil {
			return nil, err
		}
		switch {
		case group.Refused:
			refused, mend = append(refused, name), append(mend, d.acl("--operation Read --group "+name))
		case name == skald.GroupIntake:
			findings = append(findings, judgePosition(check{"kafka", "intake"}, group))
		}
	}
	return append([]Finding{d.judgeGroups(rights, refused, mend)}, findings...), nil
}

func (d *Doctor) judgeGroups(c check, refused, mend []string) Finding {
	if len(refused) > 0 {
		return c.fail("this user may not read as "+strings.Join(refused, ", "),
			"Without its group intake cannot join, and a replay of dead letters cannot keep how far it came.", mend...)
	}
	return c.ok("this user may read as %s", strings.Join(d.o.Groups, ", "))
}

func judgePosition(c check, g Group) Finding {
	found := fmt.Sprintf("members: %d, orders waiting: %d", g.Members, g.Waiting)
	switch {
	case g.Lost > 0:
		return c.fail(fmt.Sprintf("%s; %d were deleted by retention before intake had done them", found, g.Lost),
			"Orders that other systems wrote only to Kafka are lost. Those that skald accepted over HTTP are not: their rows are there.",
			"skald audit --repair starts the sagas of orders that skald has; senders must send theirs again; give "+retentionMS+" more room")
	case g.Unused:
		return c.ok("nobody has read yet; the first worker begins with the oldest order")
	case g.Members == 0:
		return c.ok("%s; nobody reads until a worker runs", found)
	}
	return c.ok("%s", found)
}
