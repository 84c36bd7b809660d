import {useLayoutEffect, useRef} from 'react';

// useNewest keeps a list of messages at its newest one, as long as the reader stands there: at its end, or at the beginning
// of a message that is taller than the window.
export function useNewest(changed) {
  const ref = useRef(null);
  const there = useRef(true);
  useLayoutEffect(() => {
    const box = ref.current;
    if (there.current) box.scrollTop = Math.min(box.scrollHeight - box.clientHeight, start(box));
  }, [changed]);
  const onScroll = ({currentTarget: box}) => {
    there.current = box.scrollTop + box.clientHeight > box.scrollHeight - 60 || box.scrollTop > start(box) - 60;
  };
  return {ref, onScroll};
}

// start is where the newest message begins.
const start = (box) => ([...box.querySelectorAll('.bubble')].at(-1)?.offsetTop ?? 0) - 8;
