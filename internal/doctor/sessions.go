package doctor

import "fmt"

// fleet is how many processes of skald a server should have room for: two of
// each role.
const fleet = 6

// judgeSessions compares what the server has room for with what skald opens.
func (d *Doctor) judgeSessions(s Server) Finding {
	c := check{"database", "connections"}
	room, bound := s.Sessions.room()
	if d.o.Connections == 0 {
		return c.skip("how many connections a process opens is not known")
	}
	fits := room / d.o.Connections
	found := fmt.Sprintf("room for %d connections (%s), so for %d processes of skald with up to %d each, whatever their role", room, bound, fits, d.o.Connections)
	mend := fmt.Sprintf("ALTER SYSTEM SET max_connections = %d; then restart the server", s.Sessions.Reserved+s.Sessions.Others+fleet*d.o.Connections)
	switch bound {
	case boundUser:
		mend = fmt.Sprintf("ALTER ROLE %s CONNECTION LIMIT %d;", identifier(s.User), fleet*d.o.Connections)
	case boundDatabase:
		mend = fmt.Sprintf("ALTER DATABASE %s CONNECTION LIMIT %d;", identifier(s.Name), s.Sessions.Others+fleet*d.o.Connections)
	}
	switch {
	case fits < 1:
		return c.fail(found, "Under load connections are refused: requests fail, and sagas wait.", mend)
	case fits < fleet:
		return c.warn(found, fmt.Sprintf("With more processes than that, connections are refused under load; two of each role are %d.", fleet), mend)
	}
	return c.ok("%s", found)
}

// What bounds connections.
const (
	boundServer   = "max_connections, without what is reserved or others have"
	boundUser     = "the user's CONNECTION LIMIT"
	boundDatabase = "the database's CONNECTION LIMIT"
)

// room is how many connections skald's user can have, and what bounds them.
func (s Sessions) room() (room int, bound string) {
	room, bound = max(s.Max-s.Reserved-s.Others, 0), boundServer
	if s.UserLimit > 0 && s.UserLimit < room {
		room, bound = s.UserLimit, boundUser
	}
	if s.DatabaseLimit > 0 && s.DatabaseLimit < room {
		room, bound = s.DatabaseLimit, boundDatabase
	}
	return room, bound
}
