/**
 * Puts the page in the place of the markup that the server wrote: at once, so that nothing flashes, and as if it had been
 * there all the time. Must not know what the page is made of, only that both show the same.
 */

const name = (/** @type {Element} */ element) =>
  [element.tagName, element.id, element.className, element.ariaLabel].join();

/** Says by a key which element of a tree one is: by its name, and its place among those of the same name. */
const places = (/** @type {Element} */ root) => (/** @type {Element} */ element) =>
  [name(element), [...root.querySelectorAll(element.tagName)].filter((other) => name(other) === name(element)).indexOf(element)].join();

/** What moves in a tree, each with a key. */
const moving = (/** @type {Element} */ root) =>
  document.getAnimations().map((animation) => {
    const { target, pseudoElement } = /** @type {KeyframeEffect} */ (animation.effect);
    const { animationName } = /** @type {CSSAnimation} */ (animation);
    return { animation, key: [places(root)(/** @type {Element} */ (target)), pseudoElement, animationName].join() };
  });

/**
 * @param {HTMLElement} root holds what the server wrote
 * @param {() => void} mount adds the page's own to it
 */
export function takeOver(root, mount) {
  const written = [...root.childNodes];
  const focused = document.activeElement;
  const focus = focused && root.contains(focused) ? places(root)(focused) : undefined;
  const moved = new Map(moving(root).map(({ animation, key }) => [key, animation.currentTime]));
  mount();
  for (const node of written) node.remove();
  if (focus !== undefined) {
    const alike = [...root.querySelectorAll(/** @type {Element} */ (focused).tagName)];
    const after = /** @type {HTMLElement | undefined} */ (alike.find((element) => places(root)(element) === focus));
    after?.focus({ preventScroll: true });
  }
  for (const { animation, key } of moving(root)) {
    if (moved.has(key)) animation.currentTime = moved.get(key) ?? null;
  }
}
