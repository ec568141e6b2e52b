/* The states of a race, as the server names them. */

const GOES = ["waiting", "starting", "training"];
const OPEN = [...GOES, "paused", "elsewhere"];

/** Whether it goes on by itself: it trains, or will. @param {{state: string}} race */
export const isUnderWay = ({ state }) => GOES.includes(state);

/** Whether it has not come to its end. @param {{state: string}} race */
export const isOpen = ({ state }) => OPEN.includes(state);
