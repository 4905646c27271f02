import { Heading } from '../components/heading.js';
import { Empty } from '../components/notice.js';

/** A path that no view has. */
export function NotFound() {
  return (
    <>
      <Heading name="Not found" />
      <Empty title="There is no such view.">
        Go to the <a href="/">overview</a>, or search for an interaction’s id above.
      </Empty>
    </>
  );
}
