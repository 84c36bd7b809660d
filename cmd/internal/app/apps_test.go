package app

import (
	"context"
	"testing"
	"time"

	"hallpass/approvals"
)

func TestAnApplicationIsDeletedOnceItWasKeptLongEnoughAndNotSooner(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	wanted, removed, gone := true, 0, false
	nx := approvals.AppTarget("contracts", "nx")
	keeper := appKeeper{
		store:  a.store,
		wanted: func(context.Context, approvals.Target) (bool, error) { return wanted, nil },
		remove: func(context.Context, approvals.Target) (bool, error) { removed++; return gone, nil },
	}
	look := func(want int, live bool) {
		t.Helper()
		if err := keeper.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := liveApps(t.Context(), a.store)
		if err != nil || removed != want || (len(list) == 1) != live {
			t.Errorf("removed %d times, want %d; %v, %v", removed, want, list, err)
		}
	}
	if err := noteApp(t.Context(), a.store, nx, 0); err != nil {
		t.Fatal(err)
	}
	look(0, true)
	wanted = false
	look(0, true) // it is noted that nothing wants it any more
	look(1, true) // something of it is there still
	gone = true
	look(2, false)
	look(2, false)                                                             // and never again
	if err := noteApp(t.Context(), a.store, nx, 30*24*time.Hour); err != nil { // made anew
		t.Fatal(err)
	}
	for range 3 {
		look(2, true) // its time has not come
	}
}
