package app

import (
	"context"
	"encoding/json"
	"fmt"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
)

// cards keeps the messages of requests in the store.
type cards struct{ store *redisstore.Store }

func (c cards) Rows(ctx context.Context, id approvals.RequestID) ([]bot.CardRow, error) {
	docs, err := c.store.Docs(ctx, spaceCards, string(id))
	if err != nil {
		return nil, err
	}
	var rows []bot.CardRow
	for _, data := range docs {
		var row bot.CardRow
		if err := json.Unmarshal(data, &row); err != nil {
			return nil, fmt.Errorf("decoding a message of %s: %w", id, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (c cards) PutRow(ctx context.Context, id approvals.RequestID, row bot.CardRow) error {
	data, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encoding a message of %s: %w", id, err)
	}
	place, err := json.Marshal(row.Place)
	if err != nil {
		return fmt.Errorf("encoding a place: %w", err)
	}
	return c.store.PutDoc(ctx, spaceCards, string(id), row.Role+"@"+string(place), data)
}
