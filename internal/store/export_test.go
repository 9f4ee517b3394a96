package store

import (
	"context"
	"regexp"
	"strconv"

	"github.com/skald-saga/skald/internal/database"
)

// OpenWithoutLock opens a store whose transactions read the order row without
// locking it, to show what the lock is for.
func OpenWithoutLock(ctx context.Context, db *database.DB) (*Store, error) {
	s, err := Open(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := release(s.prepared); err != nil {
		return nil, err
	}
	dialect := db.Dialect()
	dialect.LockRow = ""
	s.prepared, err = prepare(ctx, db.Writer(), dialect)
	return s, err
}

// Texts are all statements as dialect reads them, by their names.
func Texts(dialect database.Dialect) map[string]string {
	texts := make(map[string]string, len(statements))
	for _, which := range statements {
		texts[which.name] = which.forDialect(dialect)
	}
	return texts
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// Parameters is how many parameters a statement has.
func Parameters(text string) int {
	most := 0
	for _, found := range parameter.FindAllStringSubmatch(text, -1) {
		number, _ := strconv.Atoi(found[1]) // it is digits
		most = max(most, number)
	}
	return most
}
