import { type Group, word } from "../model/look.ts"

/** A picture of the sprite in `index.html`; what it means is said in words beside it. */
export const Icon = ({ name }: { readonly name: string }) => (
  <svg class="icon" aria-hidden="true">
    <use href={`#i-${name}`} />
  </svg>
)

/** A state as picture and word. */
export const Badge = ({ group }: { readonly group: Group }) => (
  <span class={`badge tone-${group}`}>
    <Icon name={group} />
    {word(group)}
  </span>
)
