package teams_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"hallpass/bot/teams/teamstest"
)

// Teams gives the members of a conversation in pages, and shows views of their own to sixty people at most. However small
// the pages are, everybody is named where there is room for all, and nobody where there is not.
func TestEverybodyIsNamedForAViewOfTheirOwnHoweverSmallThePagesAre(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ page, people, named int }{
		{200, 60, 60},
		{25, 60, 60},
		{59, 60, 60},
		{60, 60, 60},
		{25, 61, 0},
		{200, 61, 0},
		{100, 150, 0},
		{2, 10, 0}, // more pages than are asked for
		{2, 8, 8},
	} {
		t.Run(fmt.Sprintf("%d people in pages of %d", row.people, row.page), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(o *teamstest.Options) { o.PageSize = row.page })
			ids := []string{h.ana.ID, h.bo.ID}
			for i := len(ids); i < row.people; i++ {
				ids = append(ids, h.AddPerson(teamstest.Person{Name: fmt.Sprint("Person ", i)}).ID)
			}
			team := h.AddTeam(teamstest.Team{Name: "Many"}, ids...)
			h.channel = h.AddChannel(teamstest.Chat{Name: "approvals", Team: team.ID})
			did(t)(h.InstallIn(t.Context(), h.ana.ID, team.ID))
			ref, err := h.teams.Post(t.Context(), h.inChannel(), card("HP-1", approve()...))
			if err != nil {
				t.Fatal(err)
			}
			seen, _ := h.Last(ref.Channel, h.bo.ID)
			var posted struct {
				Refresh struct {
					People []string `json:"userIds"`
				} `json:"refresh"`
			}
			if err := json.Unmarshal(seen.Card, &posted); err != nil {
				t.Fatal(err)
			}
			if got := len(posted.Refresh.People); got != row.named {
				t.Errorf("%d are named, want %d", got, row.named)
			}
		})
	}
}
